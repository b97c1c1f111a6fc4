internal import ATProtocol
internal import Network

/// What was lately read of accounts; a value that the stream changes while it is read is not remembered.
struct RecordMemory<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Account: Sendable {
        var known: [Key: (value: Value, readAt: UnixTime)] = [:]
        /// What is being read, by how many readers, and how often it may have changed meanwhile.
        var underWay: [Key: (readers: Int, changes: Int)] = [:]
    }

    private let capacity: Int
    private let lifetime: Duration
    private var accounts: [DID: Account] = [:]
    private var count = 0

    /// An empty memory; when it exceeds `capacity`, everything is forgotten.
    init(capacity: Int, lifetime: Duration) {
        self.capacity = capacity
        self.lifetime = lifetime
    }

    /// The remembered value; nil for none.
    func value(of key: Key, by did: DID, at now: UnixTime) -> Value? {
        guard let known = accounts[did]?.known[key], known.readAt + lifetime > now else { return nil }
        return known.value
    }

    /// Notes that a reading begins; ``end(_:by:)`` must follow.
    mutating func begin(_ key: Key, by did: DID) {
        accounts[did, default: Account()].underWay[key, default: (0, 0)].readers += 1
    }

    /// Notes that a reading has ended.
    mutating func end(_ key: Key, by did: DID) {
        guard let readers = accounts[did]?.underWay[key]?.readers else { return }
        if readers > 1 { accounts[did]?.underWay[key]?.readers -= 1 } else { accounts[did]?.underWay[key] = nil }
        tidy(did)
    }

    /// How often it may have changed since the first of its present readings began.
    func changes(of key: Key, by did: DID) -> Int { accounts[did]?.underWay[key]?.changes ?? 0 }

    /// Remembers a value, unless it may have changed since.
    mutating func store(_ value: Value, of key: Key, by did: DID, unlessChangedSince changes: Int, at now: UnixTime) {
        guard self.changes(of: key, by: did) == changes else { return }
        if count >= capacity { forgetAll() }
        if accounts[did, default: Account()].known.updateValue((value, now), forKey: key) == nil { count += 1 }
    }

    /// Forgets one value of an account.
    mutating func forget(_ key: Key, by did: DID) {
        guard accounts[did] != nil else { return }
        if accounts[did]?.known.removeValue(forKey: key) != nil { count -= 1 }
        accounts[did]?.underWay[key]?.changes += 1
        tidy(did)
    }

    /// Forgets everything of an account.
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
