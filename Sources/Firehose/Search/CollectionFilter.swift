internal import ATProtocol

/// The wanted collections as bytes, for comparison with messages that are not decoded yet.
struct CollectionFilter: Sendable {
    /// The prefixes of wanted paths: a collection and its slash, or a namespace with its last dot.
    private let beginnings: [[UInt8]]

    init(_ collections: [CollectionPattern]) {
        beginnings = collections.outermost.map { Array(($0.isNamespace ? $0.beginning : $0.text + "/").utf8) }
    }

    /// Whether the bytes in a range name a wanted collection.
    func wants(_ range: Range<Int>, in head: borrowing HeadReader) -> Bool {
        for beginning in beginnings {
            // The name ends where the slash would be.
            let isName = beginning.count == range.count + 1 && beginning[range.count] == UInt8(ascii: "/")
            if head.hasPrefix(range, beginning, count: isName ? range.count : beginning.count) { return true }
        }
        return false
    }

    /// Whether a collection is wanted.
    func wants(_ collection: String) -> Bool { wants(path: collection + "/") }

    /// Whether a record's path, `collection/key`, is in a wanted collection.
    func wants(path: String) -> Bool { beginnings.contains { path.utf8.starts(with: $0) } }

    /// Whether the bytes in a range are a record's path in a wanted collection.
    func wants(path range: Range<Int>, in reader: borrowing CBORReader) -> Bool {
        for beginning in beginnings where reader.hasPrefix(range, beginning) { return true }
        return false
    }
}
