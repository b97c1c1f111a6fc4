internal import ATProtocol

/// The header of a relay's message: what the second of its two CBOR objects is
/// (atproto.com/specs/event-stream#framing).
struct RelayHeader: Equatable {
    /// The payloads that this program reads.
    enum Kind: String {
        case commit
        case identity
        case account
        case sync
        case info
        /// The server ends the stream with it.
        case error
        /// One of a later protocol.
        case unknown
    }

    /// What the payload is.
    private(set) var kind = Kind.unknown

    /// Reads the header; the reader stands at the payload afterwards.
    ///
    /// - Throws: `CBORError` when it is malformed.
    init(_ reader: inout CBORReader) throws(CBORError) {
        guard case .map(let count) = try reader.head() else { throw reader.failure("the header is not a map") }
        var operation: Int64?
        for _ in 0..<count {
            let name = try reader.name()
            if reader.isEqual(name, "op") {
                guard case .integer(let value) = try reader.head() else { throw reader.failure("op is not a number") }
                operation = value
            } else if reader.isEqual(name, "t") {
                guard case .text(let length) = try reader.head() else { throw reader.failure("t is not a text") }
                let type = try reader.take(length)
                kind = Self.kind(type, in: reader)
            } else {
                try reader.skip()
            }
        }
        switch operation {
        case nil: throw reader.failure("the header has no op")
        case 1: break
        case -1: kind = .error
        default: kind = .unknown
        }
    }

    private static func kind(_ type: Range<Int>, in reader: borrowing CBORReader) -> Kind {
        if reader.isEqual(type, "#commit") { return .commit }
        if reader.isEqual(type, "#identity") { return .identity }
        if reader.isEqual(type, "#account") { return .account }
        if reader.isEqual(type, "#sync") { return .sync }
        return reader.isEqual(type, "#info") ? .info : .unknown
    }
}

/// What can be told of a commit message without decoding its operations or looking at its blocks.
struct RelayOutline {
    /// The sequence number.
    private(set) var sequence: Int64?
    /// Whether one of its operations is in a wanted collection.
    private(set) var isWanted = false
    /// Where the text of its time stands.
    private(set) var time: Range<Int>?
    /// Where the text of the account stands that it is of, if the time is needed.
    private(set) var account: Range<Int>?

    /// Walks the members of a commit; those that come behind what is needed are not read.
    ///
    /// - Throws: `CBORError` when it is malformed.
    init(_ reader: inout CBORReader, _ filter: CollectionFilter, needsTime: Bool) throws(CBORError) {
        guard case .map(let count) = try reader.head() else { throw reader.failure("the payload is not a map") }
        var hasOperations = false
        for _ in 0..<count {
            let name = try reader.name()
            if reader.isEqual(name, "ops") {
                isWanted = try Self.isWanted(&reader, filter)
                hasOperations = true
            } else if reader.isEqual(name, "seq") {
                guard case .integer(let value) = try reader.head(), value.isSequence else {
                    throw reader.failure("seq is no sequence number")
                }
                sequence = value
            } else if needsTime, reader.isEqual(name, "time") {
                guard case .text(let length) = try reader.head() else { throw reader.failure("time is not a text") }
                time = try reader.take(length)
            } else if needsTime, reader.isEqual(name, "repo") {
                guard case .text(let length) = try reader.head() else { throw reader.failure("repo is not a text") }
                account = try reader.take(length)
            } else {
                try reader.skip()
            }
            if hasOperations, sequence != nil, !needsTime || (time != nil && account != nil) { return }
        }
    }

    private static func isWanted(_ reader: inout CBORReader, _ filter: CollectionFilter) throws(CBORError) -> Bool {
        guard case .array(let count) = try reader.head() else { throw reader.failure("ops is not an array") }
        var isWanted = false
        for _ in 0..<count {
            guard case .map(let members) = try reader.head() else { throw reader.failure("an operation is not a map") }
            for _ in 0..<members {
                let name = try reader.name()
                guard reader.isEqual(name, "path") else {
                    try reader.skip()
                    continue
                }
                guard case .text(let length) = try reader.head() else { throw reader.failure("a path is not a text") }
                let path = try reader.take(length)
                if filter.wants(path: path, in: reader) { isWanted = true }
            }
        }
        return isWanted
    }
}
