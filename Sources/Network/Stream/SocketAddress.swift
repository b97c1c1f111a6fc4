internal import CLinux
internal import Glibc

/// One IPv4 or IPv6 address with a port, as the socket calls want it.
public struct SocketAddress: Sendable, CustomStringConvertible {
    /// The two families in use.
    public enum Family: Sendable {
        case ipv4
        case ipv6
    }

    /// IPv4 or IPv6.
    public let family: Family
    /// The C structure's octets: `sockaddr_in` or `sockaddr_in6`.
    let octets: [UInt8]
    /// The numeric address and port, brackets around IPv6.
    public let description: String

    /// Copies the C structure; nil for another family.
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

    /// Calls with the structure as the socket calls want it.
    func withSockaddr<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R? {
        unsafe octets.withUnsafeBytes { bytes in
            // An array's storage is aligned to 16 octets, more than the 4 that the structures want.
            guard let address = unsafe bytes.bindMemory(to: sockaddr.self).baseAddress else { return nil }
            return unsafe body(address, socklen_t(bytes.count))
        }
    }
}
