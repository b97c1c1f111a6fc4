internal import Network

/// A bounded dictionary that remembers when each value came, and forgets those that were asked for longest ago.
struct RecencyCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
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

    /// The value and its age; asking counts as a use.
    mutating func value(of key: Key, at now: UnixTime) -> (value: Value, age: Duration)? {
        guard let entry = entries[key] else { return nil }
        uses += 1
        entries[key]?.lastUse = uses
        // A clock that was set back must not make an answer young for ever.
        return (entry.value, max(now - entry.storedAt, entry.storedAt - now))
    }

    mutating func store(_ value: Value, of key: Key, at now: UnixTime) {
        uses += 1
        entries[key] = Entry(value: value, storedAt: now, lastUse: uses)
        guard entries.count > capacity else { return }
        // A quarter at once, so that the sorting is paid for by many insertions.
        let oldest = entries.sorted { $0.value.lastUse < $1.value.lastUse }.prefix(max(1, capacity / 4))
        for entry in oldest { entries[entry.key] = nil }
    }

    mutating func remove(_ key: Key) { entries[key] = nil }
}
