internal import Crypto

/// One node of a repository's tree as stored (atproto.com/specs/repository#mst-structure).
struct TreeNode: Sendable, Equatable {
    /// A record, and the subtree between it and the next record.
    struct Entry: Sendable, Equatable {
        var key: [UInt8]
        var value: CID
        /// The subtree with the keys between this entry and the next.
        var right: CID?
    }

    /// The subtree with the keys before the first entry.
    var left: CID?
    var entries: [Entry] = []

    /// The layer of a key: how many two-bit zeros its digest begins with.
    static func height(of key: [UInt8]) -> Int {
        var zeros = 0
        for byte in Digest.sha256(key) {
            zeros += byte.leadingZeroBitCount
            guard byte == 0 else { break }
        }
        return zeros / 2
    }

    /// How many leading octets two keys share.
    static func commonPrefix(_ one: [UInt8], _ other: [UInt8]) -> Int {
        let limit = min(one.count, other.count)
        var count = 0
        while count < limit, one[count] == other[count] { count += 1 }
        return count
    }

    init(left: CID?, entries: [Entry]) {
        self.left = left
        self.entries = entries
    }

    /// Decodes a block `{e: [{k, p, t, v}], l}` directly from its bytes.
    ///
    /// - Throws: ``RepositoryError`` with code ``RepositoryError/Code/malformed``, also when keys are out of order.
    init(_ block: [UInt8]) throws(RepositoryError) {
        var reader = unsafe CBORReader(block.span.bytes)
        do throws(CBORError) {
            try Self.expectMap(2, &reader)
            try Self.expect("e", &reader)
            guard case .array(let count) = try reader.head() else { throw reader.failure("its entries are no array") }
            entries.reserveCapacity(count)
            for _ in 0..<count { entries.append(try Self.entry(after: entries.last?.key ?? [], &reader)) }
            try Self.expect("l", &reader)
            left = try Self.link(&reader)
            guard reader.remaining == 0 else { throw reader.failure("something stands behind it") }
        } catch {
            throw RepositoryError(code: .malformed, detail: "a node of the tree is malformed: \(error)")
        }
    }

    private static func entry(after last: [UInt8], _ reader: inout CBORReader) throws(CBORError) -> Entry {
        try expectMap(4, &reader)
        try expect("k", &reader)
        guard case .bytes(let length) = try reader.head() else { throw reader.failure("a key is not bytes") }
        let suffix = try reader.take(length)
        try expect("p", &reader)
        guard case .integer(let prefix) = try reader.head(), prefix >= 0, prefix <= last.count else {
            throw reader.failure("a key begins with more than the key before it")
        }
        let key = last.prefix(Int(prefix)) + reader.array(suffix)
        guard last.isEmpty || last.lexicographicallyPrecedes(key), key.count <= 1024 else {
            throw reader.failure("its keys are not in order")
        }
        try expect("t", &reader)
        let right = try link(&reader)
        try expect("v", &reader)
        guard let value = try link(&reader) else { throw reader.failure("an entry has no value") }
        return Entry(key: Array(key), value: value, right: right)
    }

    private static func expectMap(_ members: Int, _ reader: inout CBORReader) throws(CBORError) {
        guard try reader.head() == .map(members) else {
            throw reader.failure("where a map of \(members) members should stand is something else")
        }
    }

    private static func expect(_ name: StaticString, _ reader: inout CBORReader) throws(CBORError) {
        let found = try reader.name()
        guard reader.isEqual(found, name) else { throw reader.failure("the member \(name) is missing") }
    }

    private static func link(_ reader: inout CBORReader) throws(CBORError) -> CID? {
        switch try reader.head() {
        case .null: return nil
        case .link: return try reader.link()
        default: throw reader.failure("a member is neither a link nor null")
        }
    }

    var encoded: [UInt8] {
        var writer = CBORWriter(capacity: 64 + entries.count * 160)
        func write(_ link: CID?) {
            if let link { writer.link(link) } else { writer.null() }
        }
        writer.map(2)
        writer.text("e")
        writer.array(entries.count)
        var last: [UInt8] = []
        for entry in entries {
            let prefix = Self.commonPrefix(last, entry.key)
            writer.map(4)
            writer.text("k")
            writer.bytes(entry.key[prefix...])
            writer.text("p")
            writer.integer(Int64(prefix))
            writer.text("t")
            write(entry.right)
            writer.text("v")
            writer.link(entry.value)
            last = entry.key
        }
        writer.text("l")
        write(left)
        return writer.bytes
    }
}
