internal import ATProtocol

/// The wanted collections as bytes, to compare with what a message says before anything of it is decoded.
struct CollectionFilter: Sendable {
    private let names: [[UInt8]]

    init(_ collections: [NSID]) {
        names = collections.map { Array($0.text.utf8) }
    }

    /// Whether a range of the scanner's bytes names a wanted collection.
    func wants(_ range: Range<Int>, in scanner: borrowing JSONScanner) -> Bool {
        for name in names where scanner.isEqual(range, name) { return true }
        return false
    }

    /// Whether it is a wanted collection.
    func wants(_ collection: String) -> Bool {
        let utf8 = collection.utf8
        for name in names where name.count == utf8.count && utf8.elementsEqual(name) { return true }
        return false
    }
}
