/// Decides from its name alone whether a URL may be requested.
///
/// ``AddressGuard`` is the second half of the guard: it checks the address that the name resolved to.
struct HostGuard: Sendable {
    /// For development: allows plain HTTP and any port for loopback hosts.
    let allowsLoopback: Bool

    /// Top-level domains that are never public (RFC 6761, RFC 9476).
    static let privateTopLevelDomains: Set<String> = [
        "alt", "arpa", "example", "home", "internal", "invalid", "lan", "local", "localhost", "onion", "test",
    ]

    /// Why the request is refused; nil when it may be made.
    func refusal(of request: HTTPRequest) -> (code: HTTPError.Code, detail: String)? {
        let url = request.url
        if allowsLoopback, url.isLoopback { return nil }
        guard url.scheme == .https else {
            return (.unsupported, "only https is used, and \(url.origin) is not")
        }
        guard request.reach == .stranger else { return nil }
        guard url.port == nil else {
            return (.refusedHost, "a host that a stranger chose is only reached on port 443")
        }
        return refusal(ofStrangersHost: url.host)
    }

    private func refusal(ofStrangersHost host: String) -> (code: HTTPError.Code, detail: String)? {
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 2, let top = labels.last, let first = top.utf8.first, (0x61...0x7A).contains(first) else {
            return (.refusedHost, "'\(host)' is an address or a name without a domain")
        }
        let isName = labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
                && !label.contains("_")
        }
        guard isName else { return (.refusedHost, "'\(host)' is not a host name") }
        guard !Self.privateTopLevelDomains.contains(String(top)) else {
            return (.refusedHost, "'.\(top)' is not a public domain")
        }
        return nil
    }
}
