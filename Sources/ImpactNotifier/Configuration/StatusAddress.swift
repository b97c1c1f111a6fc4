internal import Network

/// Where the status endpoint listens: an address literal and a port, such as `127.0.0.1:9464` or `[::1]:9464`.
struct StatusAddress: Sendable, Equatable, CustomStringConvertible {
    /// An IPv4 or IPv6 literal, without brackets.
    let host: String
    /// The port; 0 for a free one.
    let port: UInt16
    /// The address to bind to.
    let socketAddress: SocketAddress

    /// Parses an address; nil when the text is not an address literal with a port.
    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        let written = text[..<colon]
        let host = written.hasPrefix("[") && written.hasSuffix("]") ? written.dropFirst().dropLast() : written
        guard host.contains(":") == (host != written) else { return nil }
        self.init(host: String(host), port: port)
    }

    private init?(host: String, port: UInt16) {
        guard let socketAddress = SocketAddress(literal: host, port: port) else { return nil }
        self.host = host
        self.port = port
        self.socketAddress = socketAddress
    }

    /// The address as in the configuration.
    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Where a client on this machine reaches the endpoint: on loopback if it listens on all addresses.
    var reachable: StatusAddress {
        let loopback = ["0.0.0.0": "127.0.0.1", "::": "::1"][host]
        return loopback.flatMap { StatusAddress(host: $0, port: port) } ?? self
    }

    static func == (one: StatusAddress, other: StatusAddress) -> Bool {
        one.host == other.host && one.port == other.port
    }
}
