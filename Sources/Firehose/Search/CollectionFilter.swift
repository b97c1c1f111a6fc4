internal import ATProtocol

/// The wanted collections as bytes, for comparison with messages that are not decoded yet.
struct CollectionFilter: Sendable {
    /// The prefixes of wanted paths: a collection and its slash, or a namespace with its last dot.
    private let beginnings: [[UInt8]]
    /// The first eight bytes of each, the first in the lowest place.
    private let words: [Word]

    /// A word of bytes, and which of them count.
    private struct Word {
        var bytes: UInt64 = 0
        var mask: UInt64 = 0
    }

    init(_ collections: [CollectionPattern]) {
        beginnings = collections.outermost.map { Array(($0.isNamespace ? $0.beginning : $0.text + "/").utf8) }
        words = beginnings.map { beginning in
            var word = Word()
            for (index, byte) in beginning.prefix(8).enumerated() where byte != UInt8(ascii: "/") {
                word.bytes |= UInt64(byte) << (8 * index)
                word.mask |= 0xFF << (8 * index)
            }
            return word
        }
    }

    /// Whether a JSON string that begins with eight bytes names no wanted collection for certain.
    ///
    /// - Parameter word: the bytes after the opening quote, the first in the lowest place; the string may end in them.
    /// - Returns: whether it is certain; otherwise the whole name decides.
    @inline(__always)
    func excludes(_ word: UInt64) -> Bool {
        // Behind a backslash other letters may spell the same name.
        guard HeadReader.zeroBytes(word ^ 0x5C5C_5C5C_5C5C_5C5C) == 0 else { return false }
        for wanted in words where (word ^ wanted.bytes) & wanted.mask == 0 { return false }
        return true
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
