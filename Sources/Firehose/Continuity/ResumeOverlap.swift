/// The last events of a stream and their positions; the next connection must show some of them again.
struct ResumeOverlap: Sendable, Equatable {
    struct Item: Sendable, Equatable {
        var value: Int64
        var digest: UInt64
    }

    /// How many events are remembered; tracers arrive a few times a second, so this covers some seconds.
    static let capacity = 24

    /// The events, oldest first.
    private(set) var items: [Item] = []

    init() {}

    /// Decodes the bytes of ``encoded``; other bytes give no evidence.
    init(_ bytes: [UInt8]) {
        guard bytes.count % 16 == 0, bytes.count <= Self.capacity * 16 else { return }
        items = stride(from: 0, to: bytes.count, by: 16).map { offset in
            Item(
                value: Int64(bitPattern: Self.word(bytes[offset..<offset + 8])),
                digest: Self.word(bytes[offset + 8..<offset + 16])
            )
        }
    }

    /// Drops the events after a position.
    mutating func cut(behind value: Int64) { items.removeAll { $0.value > value } }

    /// Sixteen bytes per item: value and digest, big-endian.
    var encoded: [UInt8] {
        items.flatMap { item in Self.bytes(UInt64(bitPattern: item.value)) + Self.bytes(item.digest) }
    }

    mutating func append(_ item: Item) {
        // An event that is shown again is not new evidence.
        guard !items.contains(item) else { return }
        if items.count == Self.capacity { items.removeFirst() }
        items.append(item)
    }

    private static func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }

    private static func bytes(_ word: UInt64) -> [UInt8] {
        stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> UInt64($0)) }
    }
}
