internal import ATProtocol

/// What a commit message says without decoding its operations or blocks.
struct RelayOutline {
    /// The sequence number.
    private(set) var sequence: Int64?
    /// Whether an operation is in a wanted collection.
    private(set) var isWanted = false
    /// The range of the text of its time.
    private(set) var time: Range<Int>?
    /// The range of the text of its account, if the time is needed.
    private(set) var account: Range<Int>?

    /// Walks over the members of a commit, and stops when it has what is needed.
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
