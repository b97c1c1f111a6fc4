/// The host names under which a server may be addressed, against DNS rebinding.
///
/// A page in a browser on this machine or network can make its own host name resolve to the server's address, and then
/// read the answers. But it cannot make the browser send an address, or a name other than the page's, in `Host`.
public struct KnownHosts: Sendable {
    /// What a request's `Host` says.
    public enum Verdict: Sendable, Equatable {
        /// An address or a known name; or no `Host` at all, from a client too old to be a browser.
        case known
        /// An unknown name, without its port.
        case unknown(String)
        /// No field or several where there must be one (RFC 9112 §3.2), or not a host.
        case malformed
    }

    private static let loopback: Set = ["localhost", "ip6-localhost", "ip6-loopback"]
    private let names: Set<String>

    /// The names of loopback, and the given names.
    public init(_ names: [String] = []) {
        self.names = Self.loopback.union(names.map(Self.canonical))
    }

    /// Whether a text is a host name as in a `Host` field, without a port.
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
    /// HTTP/1.0 has no `Host`; health checkers that use it omit the field, browsers never do.
    public func verdict(on request: ServerRequest) -> Verdict {
        let hosts = request.headers.values(of: "Host")
        guard let host = hosts.first else { return request.version == "HTTP/1.0" ? .known : .malformed }
        guard hosts.count == 1, let name = Self.host(of: host) else { return .malformed }
        if Self.isAddress(name) { return .known }
        guard Self.isName(name) else { return .malformed }
        let canonical = Self.canonical(name)
        return names.contains(canonical) || canonical.hasSuffix(".localhost") ? .known : .unknown(canonical)
    }

    /// The part before the port, with brackets; nil when the rest is not a port.
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
        guard host.hasPrefix("["), host.hasSuffix("]") else { return WebURL.isAddress(host) }
        return AddressGuard.octets(of: host.dropFirst().dropLast())?.count == 16
    }

    /// In lower case and without the trailing dot of the root.
    private static func canonical(_ name: String) -> String {
        let name = name.lowercased()
        return name.hasSuffix(".") ? String(name.dropLast()) : name
    }
}
