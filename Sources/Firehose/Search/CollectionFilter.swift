internal import ATProtocol

/// The wanted collections as bytes, to compare with what a message says before anything of it is decoded.
struct CollectionFilter: Sendable {
    /// What the path of a wanted record begins with: a collection and the slash behind it, or a namespace with its last dot.
    private let beginnings: [[UInt8]]

    init(_ collections: [CollectionPattern]) {
        beginnings = collections.outermost.map { Array(($0.isNamespace ? $0.beginning : $0.text + "/").utf8) }
    }

    /// Whether a range of a message's bytes names a wanted collection.
    func wants(_ range: Range<Int>, in head: borrowing HeadReader) -> Bool {
        for beginning in beginnings {
            // A name ends where its slash would stand.
            let isName = beginning.count == range.count + 1 && beginning[range.count] == UInt8(ascii: "/")
            if head.hasPrefix(range, beginning, count: isName ? range.count : beginning.count) { return true }
        }
        return false
    }

    /// Whether it is a wanted collection.
    func wants(_ collection: String) -> Bool { wants(path: collection + "/") }

    /// Whether a record's path, `collection/key`, is in a wanted collection.
    func wants(path: String) -> Bool { beginnings.contains { path.utf8.starts(with: $0) } }

    /// Whether a range of a message's bytes is the path of a record in a wanted collection.
    func wants(path range: Range<Int>, in reader: borrowing CBORReader) -> Bool {
        for beginning in beginnings where reader.hasPrefix(range, beginning) { return true }
        return false
    }
}
