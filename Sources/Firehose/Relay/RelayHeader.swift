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
