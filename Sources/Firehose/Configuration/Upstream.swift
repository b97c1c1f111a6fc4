public import Network

/// One configured stream host with its wire protocol.
struct Upstream: Sendable, Hashable {
    /// The configured host; its URL has an explicit path.
    let source: StreamSource
    let wire: StreamWire
    /// The URL without the query of a subscription.
    var url: WebURL { source.url }
    /// Host name and port; together with the wire it identifies the host's position.
    var name: String { url.authority }

    private static let jetstream2 = "/xrpc/network.bsky.jetstream.subscribeEvents"
    private static let jetstream1 = "/subscribe"
    private static let relay = "/xrpc/com.atproto.sync.subscribeRepos"

    /// Determines the wire from the path; a URL without a path is a Jetstream v2.
    ///
    /// - Throws: ``FirehoseError`` with code ``FirehoseError/Code/configuration``.
    init(_ source: StreamSource, allowsLoopback: Bool) throws(FirehoseError) {
        let url = source.url
        if let objection = Self.objection(to: url, allowsLoopback) {
            // The query may hold a key.
            let address = url.origin + url.path
            throw FirehoseError(code: .configuration, sentence: "the stream address \(address): \(objection)")
        }
        switch url.path {
        case Self.relay: wire = .relay
        case Self.jetstream1: wire = .jetstream1
        default: wire = .jetstream2
        }
        var whole = source
        if url.path == "/" { whole.url = url.with(path: Self.jetstream2) }
        self.source = whole
    }

    /// Whether a URL is a relay's.
    static func isRelay(_ url: WebURL) -> Bool { url.path == relay }

    /// Why a stream URL cannot be used, and what would be right; nil when it can.
    fileprivate static func objection(to url: WebURL, _ allowsLoopback: Bool) -> String? {
        let forms = [jetstream2, jetstream1, relay]
        var problem: String?
        if url.scheme != .wss, !(url.scheme == .ws && allowsLoopback && url.isLoopback) {
            problem =
                url.scheme == .ws
                ? "ws leads to loopback addresses alone, with development.allow_loopback" : "its scheme is not wss"
        } else if let query = url.query {
            problem =
                "it has a query, and what is asked for is added by itself"
                + (namesKey(query) ? "; a key belongs in a file, which api_key_file beside the address names" : "")
        } else if url.path != "/", !forms.contains(url.path) {
            problem = "its path names no stream"
        }
        guard let problem else { return nil }
        let understood = "\(problem); understood are \(forms.map { "wss://HOST\($0)" }.joined(separator: ", "))"
        let bare = "/" + url.path.split(separator: "/").joined(separator: "/")
        let isPlain = url.scheme == .ws && url.isLoopback
        guard bare == "/" || forms.contains(bare), allowsLoopback || !isPlain else { return understood }
        let meant = "\(isPlain ? "ws" : "wss")://\(url.authority)\(bare == "/" ? "" : bare)"
        return "\(understood); did you mean \(meant)?"
    }

    /// Whether a query has a name that may stand for a key.
    private static func namesKey(_ query: String) -> Bool {
        query.lowercased().split(separator: "&").contains { parameter in
            let name = parameter.prefix { $0 != "=" }
            return ["key", "token", "auth", "secret"].contains { name.contains($0) }
        }
    }
}

extension StreamConfiguration {
    /// The URL under which a host is read; different spellings give the same URL.
    ///
    /// - Throws: ``FirehoseError`` with code ``FirehoseError/Code/configuration`` when it cannot be used.
    public static func address(of host: WebURL, allowsLoopback: Bool) throws(FirehoseError) -> WebURL {
        try Upstream(StreamSource(host), allowsLoopback: allowsLoopback).url
    }

    /// Why a stream URL cannot be used, and what would be right; nil when it can.
    public static func objection(to host: WebURL, allowsLoopback: Bool) -> String? {
        Upstream.objection(to: host, allowsLoopback)
    }
}
