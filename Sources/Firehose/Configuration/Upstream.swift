public import Network

/// One configured stream address.
struct Upstream: Sendable, Hashable {
    /// As configured, with its path written out.
    let source: StreamSource
    /// What it speaks.
    let wire: StreamWire
    /// Address without what a subscription adds.
    var url: WebURL { source.url }
    /// Host name and port: with the wire, the name of its position.
    var name: String { url.authority }

    private static let jetstream2 = "/xrpc/network.bsky.jetstream.subscribeEvents"
    private static let jetstream1 = "/subscribe"
    private static let relay = "/xrpc/com.atproto.sync.subscribeRepos"

    /// Tells the wire by the path; an address without a path is a Jetstream of version 2.
    ///
    /// - Throws: ``FirehoseFailure`` of code ``FirehoseFailure/Code/configuration``.
    init(_ source: StreamSource, allowsLoopback: Bool) throws(FirehoseFailure) {
        let url = source.url
        if let objection = Self.objection(to: url, allowsLoopback) {
            // A query may hold a key.
            let address = url.origin + url.path
            throw FirehoseFailure(code: .configuration, sentence: "the stream address \(address): \(objection)")
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

    /// Whether an address is that of a relay.
    static func isRelay(_ url: WebURL) -> Bool { url.path == relay }

    /// What keeps an address from being read, and what would be right; nil when nothing does.
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

    /// Whether one of a query's names is what a key would be handed over by.
    private static func namesKey(_ query: String) -> Bool {
        query.lowercased().split(separator: "&").contains { parameter in
            let name = parameter.prefix { $0 != "=" }
            return ["key", "token", "auth", "secret"].contains { name.contains($0) }
        }
    }
}

extension StreamConfiguration {
    /// The address by which a host is read, the same for each way of writing it.
    ///
    /// - Throws: ``FirehoseFailure`` of code ``FirehoseFailure/Code/configuration`` when it is none that can be read.
    public static func address(of host: WebURL, allowsLoopback: Bool) throws(FirehoseFailure) -> WebURL {
        try Upstream(StreamSource(host), allowsLoopback: allowsLoopback).url
    }

    /// What keeps an address from being read, and what would be right; nil when nothing does.
    public static func objection(to host: WebURL, allowsLoopback: Bool) -> String? {
        Upstream.objection(to: host, allowsLoopback)
    }
}
