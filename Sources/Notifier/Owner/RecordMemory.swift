internal import ATProtocol
internal import Network

/// What was read of accounts lately; what the stream tells of while it is read is not remembered.
struct RecordMemory<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Account: Sendable {
        var known: [Key: (value: Value, readAt: UnixTime)] = [:]
        /// What is being read, by how many, and how often it may have changed meanwhile.
        var underWay: [Key: (readers: Int, changes: Int)] = [:]
    }

    private let capacity: Int
    private let lifetime: Duration
    private var accounts: [DID: Account] = [:]
    private var count = 0

    /// An empty memory; when there is more in it than `capacity`, all is forgotten.
    init(capacity: Int, lifetime: Duration) {
        self.capacity = capacity
        self.lifetime = lifetime
    }

    /// What is remembered.
    func value(of key: Key, by did: DID, at now: UnixTime) -> Value? {
        guard let known = accounts[did]?.known[key], known.readAt + lifetime > now else { return nil }
        return known.value
    }

    /// Somebody reads it from now on; ``end(_:by:)`` must follow.
    mutating func begin(_ key: Key, by did: DID) {
        accounts[did, default: Account()].underWay[key, default: (0, 0)].readers += 1
    }

    /// It is read no more.
    mutating func end(_ key: Key, by did: DID) {
        guard let readers = accounts[did]?.underWay[key]?.readers else { return }
        if readers > 1 { accounts[did]?.underWay[key]?.readers -= 1 } else { accounts[did]?.underWay[key] = nil }
        tidy(did)
    }

    /// How often it may have changed since the first of those who read it now began.
    func changes(of key: Key, by did: DID) -> Int { accounts[did]?.underWay[key]?.changes ?? 0 }

    /// Remembers what was read, unless it may have changed since then.
    mutating func store(_ value: Value, of key: Key, by did: DID, unlessChangedSince changes: Int, at now: UnixTime) {
        guard self.changes(of: key, by: did) == changes else { return }
        if count >= capacity { forgetAll() }
        if accounts[did, default: Account()].known.updateValue((value, now), forKey: key) == nil { count += 1 }
    }

    /// Forgets one thing of an account.
    mutating func forget(_ key: Key, by did: DID) {
        guard accounts[did] != nil else { return }
        if accounts[did]?.known.removeValue(forKey: key) != nil { count -= 1 }
        accounts[did]?.underWay[key]?.changes += 1
        tidy(did)
    }

    /// Forgets all of an account.
    mutating func forget(_ did: DID) {
        guard var account = accounts[did] else { return }
        count -= account.known.count
        account.known = [:]
        for key in Array(account.underWay.keys) { account.underWay[key]?.changes += 1 }
        accounts[did] = account
        tidy(did)
    }

    private mutating func forgetAll() {
        accounts = accounts.filter { !$0.value.underWay.isEmpty }
        for did in Array(accounts.keys) { accounts[did]?.known = [:] }
        count = 0
    }

    private mutating func tidy(_ did: DID) {
        guard let account = accounts[did], account.known.isEmpty, account.underWay.isEmpty else { return }
        accounts[did] = nil
    }
}
