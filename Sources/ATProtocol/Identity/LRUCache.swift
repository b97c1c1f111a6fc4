internal import Network

/// A bounded dictionary with the age of each value; it drops the least recently used ones.
struct LRUCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Entry {
        var value: Value
        var storedAt: UnixTime
        var lastUse: UInt64
    }

    private let capacity: Int
    private var entries: [Key: Entry] = [:]
    private var uses: UInt64 = 0

    init(capacity: Int) { self.capacity = max(1, capacity) }

    var count: Int { entries.count }

    /// The value of a key and its age; counts as a use.
    mutating func value(of key: Key, at now: UnixTime) -> (value: Value, age: Duration)? {
        guard let entry = entries[key] else { return nil }
        uses += 1
        entries[key]?.lastUse = uses
        // After the clock was set back, the age must not stay small for ever.
        return (entry.value, max(now - entry.storedAt, entry.storedAt - now))
    }

    mutating func store(_ value: Value, of key: Key, at now: UnixTime) {
        uses += 1
        entries[key] = Entry(value: value, storedAt: now, lastUse: uses)
        guard entries.count > capacity else { return }
        // Drops a quarter at once, so that many insertions share the cost of sorting.
        let oldest = entries.sorted { $0.value.lastUse < $1.value.lastUse }.prefix(max(1, capacity / 4))
        for entry in oldest { entries[entry.key] = nil }
    }

    mutating func remove(_ key: Key) { entries[key] = nil }
}
