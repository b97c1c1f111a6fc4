internal import CLinux
internal import Glibc

/// An IPv4 or IPv6 address with a port, in the form of the socket calls.
public struct SocketAddress: Sendable, CustomStringConvertible {
    /// The two address families in use.
    public enum Family: Sendable {
        case ipv4
        case ipv6
    }

    /// IPv4 or IPv6.
    public let family: Family
    /// The octets of the C structure: `sockaddr_in` or `sockaddr_in6`.
    let octets: [UInt8]
    /// The numeric address and port, with brackets around IPv6.
    public let description: String

    /// The address alone, 4 or 16 octets.
    var hostOctets: [UInt8] { Array(family == .ipv4 ? octets[4..<8] : octets[8..<24]) }

    public var isLoopback: Bool { AddressGuard.isLoopback(hostOctets) }

    /// Copies the C structure; nil for other families.
    init?(_ address: UnsafePointer<sockaddr>, length: socklen_t) {
        switch unsafe shim_address_family(address) {
        case AF_INET: family = .ipv4
        case AF_INET6: family = .ipv6
        default: return nil
        }
        unsafe octets = Array(UnsafeRawBufferPointer(start: address, count: Int(length)))
        var host: [1025 of CChar] = .init(repeating: 0)
        var port: [32 of CChar] = .init(repeating: 0)
        var hostSpan = host.mutableSpan
        var portSpan = port.mutableSpan
        let text: String? = unsafe hostSpan.withUnsafeMutableBufferPointer { host in
            unsafe portSpan.withUnsafeMutableBufferPointer { port in
                guard let name = host.baseAddress, let number = port.baseAddress,
                    unsafe getnameinfo(
                        address,
                        length,
                        name,
                        socklen_t(host.count),
                        number,
                        socklen_t(port.count),
                        NI_NUMERICHOST | NI_NUMERICSERV
                    ) == 0
                else { return nil }
                let hostText = unsafe String(cString: name)
                let portText = unsafe String(cString: number)
                return hostText.contains(":") ? "[\(hostText)]:\(portText)" : "\(hostText):\(portText)"
            }
        }
        guard let text else { return nil }
        description = text
    }

    /// Parses an address literal, IPv6 without brackets; nil for anything else.
    public init?(literal host: String, port: UInt16) {
        if host.contains(":") {
            var address = sockaddr_in6()
            guard unsafe inet_pton(AF_INET6, host, &address.sin6_addr) == 1 else { return nil }
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            unsafe self.init(&address, size: MemoryLayout<sockaddr_in6>.size)
        } else {
            var address = sockaddr_in()
            guard unsafe inet_pton(AF_INET, host, &address.sin_addr) == 1 else { return nil }
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            unsafe self.init(&address, size: MemoryLayout<sockaddr_in>.size)
        }
    }

    private init?(_ address: UnsafeMutableRawPointer, size: Int) {
        unsafe self.init(address.assumingMemoryBound(to: sockaddr.self), length: socklen_t(size))
    }

    /// What counts as one peer: an IPv4 address, or an IPv6 /64 network, because a host may use all of its addresses.
    static func source(of address: UnsafePointer<sockaddr>) -> [UInt8] {
        let octets = unsafe UnsafeRawPointer(address)
        switch unsafe shim_address_family(address) {
        case AF_INET: return unsafe Array(UnsafeRawBufferPointer(start: octets + 4, count: 4))
        case AF_INET6:
            let host = unsafe Array(UnsafeRawBufferPointer(start: octets + 8, count: 16))
            // ::ffff:a.b.c.d is an IPv4 peer of a dual-stack socket (RFC 4291 §2.5.5.2).
            let isMapped = host.starts(with: [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF])
            return isMapped ? Array(host[12...]) : Array(host[..<8])
        default: return []
        }
    }

    /// Calls the body with the C structure.
    func withSockaddr<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R? {
        unsafe octets.withUnsafeBytes { bytes in
            // An array's storage is aligned to 16 octets; the structures need 4.
            guard let address = unsafe bytes.bindMemory(to: sockaddr.self).baseAddress else { return nil }
            return unsafe body(address, socklen_t(bytes.count))
        }
    }
}
