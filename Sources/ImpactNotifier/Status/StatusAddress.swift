internal import FlyingSocks
internal import Glibc

/// Where the status endpoint listens: `127.0.0.1:9464`, `[::1]:9464`, an address literal and a port.
struct StatusAddress: Sendable, Equatable, CustomStringConvertible {
    /// An IPv4 or IPv6 literal, without brackets.
    let host: String
    /// The port; 0 takes a free one.
    let port: UInt16

    /// Nil when the text is no address literal with a port.
    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        let written = text[..<colon]
        let host = written.hasPrefix("[") && written.hasSuffix("]") ? written.dropFirst().dropLast() : written
        guard Self.isLiteral(String(host), ipv6: host != written) else { return nil }
        self.host = String(host)
        self.port = port
    }

    /// As it is written in the configuration.
    var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }

    private var isIPv6: Bool { host.contains(":") }

    /// The address to bind to.
    func socketAddress() throws -> any SocketAddress {
        isIPv6 ? try sockaddr_in6.inet6(ip6: host, port: port) : try sockaddr_in.inet(ip4: host, port: port)
    }

    /// The address at which a client on this machine reaches the endpoint: loopback when it listens on all of them.
    func reachableSocketAddress() throws -> any SocketAddress {
        switch host {
        case "0.0.0.0": try sockaddr_in.inet(ip4: "127.0.0.1", port: port)
        case "::": try sockaddr_in6.inet6(ip6: "::1", port: port)
        default: try socketAddress()
        }
    }

    private static func isLiteral(_ host: String, ipv6: Bool) -> Bool {
        var address = in6_addr()  // room for either family
        return unsafe inet_pton(ipv6 ? AF_INET6 : AF_INET, host, &address) == 1
    }
}
