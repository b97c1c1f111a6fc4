internal import ATProtocol
internal import Network

/// One subscription as it is sent to the host.
struct StreamRequest: Sendable, Equatable {
    /// The URL with its query.
    var url: WebURL
    /// The subprotocols to offer.
    var subprotocols: [String]
    /// Whether to offer permessage-deflate.
    var offersCompression: Bool
    /// The bearer token for the host; it is not sent to a host that this one redirects to.
    var key: HostKey?

    /// - Parameters:
    ///   - host: the host to ask.
    ///   - cursor: where to begin.
    ///   - collections: the wanted collections.
    ///   - maximumMessage: the largest message that a Jetstream should send, in bytes; nil for no limit.
    init(_ host: Upstream, _ cursor: ResumePoint.Cursor, collections: [CollectionPattern], maximumMessage: Int? = nil) {
        var query: [(name: String, value: String)] = []
        // If there are more than the server accepts, only we filter.
        let wanted = collections.outermost
        let names = wanted.count <= 100 ? wanted.map(\.text) : []
        subprotocols = []
        offersCompression = host.source.asksForCompression
        key = host.source.key
        switch host.wire {
        case .jetstream2:
            subprotocols = ["xrpc.v1.json"]
            // Identity, account and sync events come for all accounts. They move the position while no commit matches,
            // and their times always come from the host itself.
            query += ["commit", "identity", "account", "sync"].map { ("kinds", $0) }
            query += names.map { ("collections", $0) }
        case .jetstream1: query += names.map { ("wantedCollections", $0) }
        default: break
        }
        if let maximumMessage { query.append(("maxMessageSizeBytes", String(maximumMessage))) }
        switch cursor {
        case .live: break
        case .position(let value): query.append(("cursor", String(value)))
        case .time(let time): if host.wire != .relay { query.append(("cursor", String(time))) }
        }
        url = host.url.adding(query: query)
    }
}
