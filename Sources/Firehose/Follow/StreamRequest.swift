internal import ATProtocol
internal import Network

/// One subscription as it goes on the wire.
struct StreamRequest: Sendable, Equatable {
    /// Address with its query.
    var url: WebURL
    /// The subprotocols that are offered.
    var subprotocols: [String]
    /// Whether permessage-deflate is offered.
    var offersCompression: Bool
    /// What the host, and nobody whom it names, is shown.
    var key: HostKey?

    /// - Parameters:
    ///   - host: whom to ask.
    ///   - cursor: where to begin.
    ///   - collections: the commits that are wanted.
    ///   - maximumMessage: the size of the largest message that a Jetstream is to send, in bytes; nil for no limit.
    init(_ host: Upstream, _ cursor: ResumePoint.Cursor, collections: [CollectionPattern], maximumMessage: Int? = nil) {
        var query: [(name: String, value: String)] = []
        // More than the server takes are filtered here alone.
        let wanted = collections.outermost
        let names = wanted.count <= 100 ? wanted.map(\.text) : []
        subprotocols = []
        offersCompression = host.source.asksForCompression
        key = host.source.key
        switch host.wire {
        case .jetstream2:
            subprotocols = ["xrpc.v1.json"]
            // Identity, account and sync events come for everybody: they keep the position of a quiet filter moving,
            // and their times are the only ones that are always the host's own.
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
