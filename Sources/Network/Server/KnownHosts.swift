/// The names by which a server may be asked, against DNS rebinding.
///
/// A page in a browser on this machine, or in its network, can make a name of its own resolve to the server's address and
/// then read the answers. It cannot make the browser ask for an address, or for a name that is not the page's.
public struct KnownHosts: Sendable {
    /// What a request says about the server that it wants.
    public enum Verdict: Sendable, Equatable {
        /// An address, or a name that is known; or no name, from a client that is too old to be a browser.
        case known
        /// A name that is not known, without its port.
        case unknown(String)
        /// None or several where there must be one (RFC 9112 §3.2), or not a host at all.
        case malformed
    }

    private static let loopback: Set = ["localhost", "ip6-localhost", "ip6-loopback"]
    private let names: Set<String>

    /// The names of loopback, and these.
    public init(_ names: [String] = []) {
        self.names = Self.loopback.union(names.map(Self.canonical))
    }

    /// Whether a text is a host name as it stands in a `Host` field, without a port.
    public static func isName(_ text: String) -> Bool {
        let name = canonical(text)
        return !name.isEmpty && name.utf8.count <= 253
            && name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                !label.isEmpty && label.utf8.count <= 63
                    && label.utf8.allSatisfy { byte in
                        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x5F
                    }
            }
    }

    /// Whether a request may be answered.
    ///
    /// HTTP/1.0 knows no `Host`, and health checkers that speak it leave it out; no browser does.
    public func verdict(on request: ServerRequest) -> Verdict {
        let hosts = request.headers.values(of: "Host")
        guard let host = hosts.first else { return request.version == "HTTP/1.0" ? .known : .malformed }
        guard hosts.count == 1, let name = Self.host(of: host) else { return .malformed }
        if Self.isAddress(name) { return .known }
        guard Self.isName(name) else { return .malformed }
        let canonical = Self.canonical(name)
        return names.contains(canonical) || canonical.hasSuffix(".localhost") ? .known : .unknown(canonical)
    }

    /// What stands before the port, brackets included; nil when what follows is no port.
    private static func host(of field: String) -> String? {
        let end =
            field.hasPrefix("[") ? field.firstIndex(of: "]").map { field.index(after: $0) } : field.firstIndex(of: ":")
        let host = field[..<(end ?? field.endIndex)]
        let port = field[host.endIndex...]
        guard port.isEmpty || port.first == ":", port.dropFirst().utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return String(host)
    }

    private static func isAddress(_ host: String) -> Bool {
        guard host.hasPrefix("["), host.hasSuffix("]") else { return IPv4Address(host) != nil }
        return SocketAddress(literal: String(host.dropFirst().dropLast()), port: 0)?.family == .ipv6
    }

    /// In small letters and without the dot of the root.
    private static func canonical(_ name: String) -> String {
        let name = name.lowercased()
        return name.hasSuffix(".") ? String(name.dropLast()) : name
    }
}
