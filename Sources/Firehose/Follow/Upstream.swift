internal import Network

/// One configured stream address.
struct Upstream: Sendable, Hashable {
    /// Address without what a subscription adds.
    let url: WebURL
    /// What it speaks.
    let wire: StreamWire
    /// Host name and port: with the wire, the name of its position.
    var name: String { url.authority }

    /// Tells the wire by the path; an address without a path is a Jetstream of version 2.
    ///
    /// - Throws: ``FirehoseFailure`` of code ``FirehoseFailure/Code/configuration``.
    init(_ url: WebURL, allowsLoopback: Bool) throws(FirehoseFailure) {
        func refused(_ reason: String) -> FirehoseFailure {
            FirehoseFailure(code: .configuration, sentence: "the stream address \(url) \(reason)")
        }
        guard url.scheme == .wss || (url.scheme == .ws && allowsLoopback && url.isLoopback) else {
            throw refused("is not wss, nor ws to a loopback address with the development switch")
        }
        if Self.isRelay(url) {
            wire = .relay
            self.url = url
            return
        }
        switch url.path {
        case "/", "/xrpc/network.bsky.jetstream.subscribeEvents":
            wire = .jetstream2
            let path = "/xrpc/network.bsky.jetstream.subscribeEvents"
            self.url = url.path == path ? url : url.with(path: path)
        case "/subscribe":
            wire = .jetstream1
            self.url = url
        default: throw refused("names no stream that this program can read")
        }
    }

    /// Whether an address is that of a relay.
    static func isRelay(_ url: WebURL) -> Bool { url.path == "/xrpc/com.atproto.sync.subscribeRepos" }
}
