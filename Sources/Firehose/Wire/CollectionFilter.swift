internal import ATProtocol

/// The wanted collections as bytes, to compare with what a message says before anything of it is decoded.
struct CollectionFilter: Sendable {
    private let names: [[UInt8]]
    /// What the names in each namespace begin with, the last dot included.
    private let beginnings: [[UInt8]]

    init(_ collections: [CollectionPattern]) {
        let wanted = collections.outermost
        names = wanted.filter { !$0.isNamespace }.map { Array($0.text.utf8) }
        beginnings = wanted.filter(\.isNamespace).map { Array($0.beginning.utf8) }
    }

    /// Whether a range of a message's bytes names a wanted collection.
    func wants(_ range: Range<Int>, in head: borrowing HeadReader) -> Bool {
        for name in names where head.isEqual(range, name) { return true }
        for beginning in beginnings where head.hasPrefix(range, beginning) { return true }
        return false
    }

    /// Whether it is a wanted collection.
    func wants(_ collection: String) -> Bool {
        let utf8 = collection.utf8
        for name in names where name.count == utf8.count && utf8.elementsEqual(name) { return true }
        for beginning in beginnings where utf8.starts(with: beginning) { return true }
        return false
    }
}
