internal import ATProtocol

/// A relay's commit message, decoded except for its blocks (com.atproto.sync.subscribeRepos#commit).
struct RelayCommit {
    struct Operation {
        var action = ""
        var path = ""
        var cid: CID?
        var previous: CID?
    }

    private(set) var sequence: Int64 = 0
    private(set) var repo = ""
    private(set) var rev = ""
    private(set) var commit: CID?
    private(set) var previousData: CID?
    private(set) var operations: [Operation] = []
    private(set) var blocks: [UInt8] = []

    /// Decodes the payload.
    ///
    /// - Throws: `CBORError` when it is malformed.
    init(_ reader: inout CBORReader) throws(CBORError) {
        guard case .map(let count) = try reader.head() else { throw reader.failure("the payload is not a map") }
        var hasOperations = false
        for _ in 0..<count {
            let name = try reader.name()
            if reader.isEqual(name, "seq") {
                guard case .integer(let value) = try reader.head(), value.isSequence, sequence == 0 else {
                    throw reader.failure("seq is no sequence number, or occurs twice")
                }
                sequence = value
            } else if reader.isEqual(name, "repo") {
                repo = try Self.text(&reader)
            } else if reader.isEqual(name, "rev") {
                rev = try Self.text(&reader)
            } else if reader.isEqual(name, "commit") {
                commit = try Self.link(&reader)
            } else if reader.isEqual(name, "prevData") {
                previousData = try Self.link(&reader)
            } else if reader.isEqual(name, "blocks") {
                guard case .bytes(let length) = try reader.head() else { throw reader.failure("blocks are not bytes") }
                let range = try reader.take(length)
                blocks = reader.array(range)
            } else if reader.isEqual(name, "ops") {
                guard case .array(let count) = try reader.head() else { throw reader.failure("ops is not an array") }
                // The outline has seen only the first list of operations.
                guard !hasOperations else { throw reader.failure("ops occur twice") }
                hasOperations = true
                for _ in 0..<count { operations.append(try Self.operation(&reader)) }
            } else {
                try reader.skip()
            }
        }
    }

    private static func operation(_ reader: inout CBORReader) throws(CBORError) -> Operation {
        guard case .map(let count) = try reader.head() else { throw reader.failure("an operation is not a map") }
        var operation = Operation()
        for _ in 0..<count {
            let name = try reader.name()
            if reader.isEqual(name, "path") {
                operation.path = try text(&reader)
            } else if reader.isEqual(name, "action") {
                operation.action = try text(&reader)
            } else if reader.isEqual(name, "cid") {
                operation.cid = try link(&reader)
            } else if reader.isEqual(name, "prev") {
                operation.previous = try link(&reader)
            } else {
                try reader.skip()
            }
        }
        return operation
    }

    private static func text(_ reader: inout CBORReader) throws(CBORError) -> String {
        guard case .text(let length) = try reader.head() else { throw reader.failure("a member is not a text") }
        let range = try reader.take(length)
        return try reader.text(range)
    }

    private static func link(_ reader: inout CBORReader) throws(CBORError) -> CID? {
        switch try reader.head() {
        case .null: return nil
        case .link: return try reader.link()
        default: throw reader.failure("a member is not a link")
        }
    }
}
