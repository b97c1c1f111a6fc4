internal import ATProtocol
internal import Network

/// What a subscriber asked for, checked as the wire's server checks it.
struct StreamFilter: Sendable {
    var kinds: Set<String> = []
    var dids: Set<String> = []
    var collections: [String] = []
    /// Larger messages are left out without a word; 0 for no limit.
    var maximumSize = 0

    init() {}

    /// Reads the query of a v2 request.
    init(jetstream2 request: IncomingRequest) throws(ResponseError) {
        for name in ["wantedDids", "wantedCollections", "requireHello"] where request.parameter(name) != nil {
            throw .invalid("subscribe: \(name) is not a parameter of this endpoint")
        }
        kinds = Set(request.parameters("kinds"))
        dids = Set(request.parameters("dids"))
        collections = request.parameters("collections")
        guard kinds.isSubset(of: ["commit", "identity", "account", "sync"]), request.parameters("kinds").count <= 4
        else {
            throw .invalid("subscribe: unknown kind")
        }
        guard collections.isEmpty || kinds.isEmpty || kinds.contains("commit") else {
            throw .invalid("subscribe: collections given, but kinds excludes commit")
        }
        guard collections.count <= 100, dids.count <= 10_000 else {
            throw .invalid("subscribe: too many collections or dids")
        }
        for collection in collections where (try? CollectionPattern(collection)) == nil {
            throw .invalid("subscribe: invalid collection: \"\(collection)\"")
        }
        if let text = request.parameter("maxMessageSizeBytes") {
            guard let size = UInt32(text) else { throw .invalid("subscribe: invalid maxMessageSizeBytes") }
            maximumSize = Int(size)
        }
        for did in dids where (try? DID(did)) == nil {
            throw .invalid("subscribe: invalid did: \"\(did)\"")
        }
    }

    /// Reads the query of a v1 request.
    init(jetstream1 request: IncomingRequest) throws(ResponseError) {
        dids = Set(request.parameters("wantedDids"))
        maximumSize = request.parameter("maxMessageSizeBytes").flatMap { UInt32($0) }.map { Int($0) } ?? 0
        collections = request.parameters("wantedCollections")
        guard Set(collections).count <= 100, dids.count <= 10_000 else {
            throw ResponseError(.text("too many wanted collections or DIDs", status: 400))
        }
        // What stands before `.*` is not checked on this wire.
        for collection in collections where !collection.hasSuffix(".*") && (try? NSID(collection)) == nil {
            throw ResponseError(.text("invalid collection: \(collection)", status: 400))
        }
    }

    /// Whether the subscriber gets the event; v1 sends identity and account events past the collection filter.
    func wants(_ event: LoggedEvent) -> Bool {
        guard kinds.isEmpty || kinds.contains(event.kind) else { return false }
        guard dids.isEmpty || dids.contains(event.did.text) else { return false }
        guard let collection = event.collection, !collections.isEmpty else { return true }
        return collections.contains {
            $0.hasSuffix(".*") ? collection.hasPrefix($0.dropLast()) : $0 == collection
        }
    }

    /// Whether a message is small enough for the subscriber.
    func fits(_ message: [UInt8]) -> Bool { maximumSize == 0 || message.count <= maximumSize }
}
