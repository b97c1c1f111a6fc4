internal import ATProtocol
internal import Crypto
internal import Network

/// What is remembered of accounts while everything is verified: a bounded number, those that wrote last.
///
/// Two tables: when the young one is full it becomes the old one, whose accounts come back when they write again.
struct AccountStates: Sendable {
    /// A signing key, kept as its point: a key that is ready for use takes twenty times the memory.
    struct Key: Sendable, Equatable {
        let curve: Curve
        let point: [UInt8]
        /// When the directory was asked for it past all caches; nil for never.
        let freshAt: UnixTime?

        init(_ key: PublicKey, freshAt: UnixTime?) {
            curve = key.curve
            point = key.compressed
            self.freshAt = freshAt
        }

        /// The key, ready for use.
        var publicKey: PublicKey? { try? PublicKey(curve, point: point) }
    }

    /// One account.
    struct Account: Sendable {
        var key: Key?
        var chain: RepositoryChain?
        fileprivate var epoch = 0
    }

    /// About 540 octets each, as measured: 27 MB.
    static let capacity = 50_000

    private let generation: Int
    /// Grows when all chains are forgotten, which must not take the time that visiting them would.
    private var epoch = 0
    private var young: [DID: Account] = [:]
    private var old: [DID: Account] = [:]

    init(capacity: Int = Self.capacity) { generation = max(1, capacity / 2) }

    /// Accounts that are remembered.
    var count: Int { young.count + old.count { young[$0.key] == nil } }

    /// The account of a DID; empty when nothing is remembered.
    subscript(did: DID) -> Account {
        get {
            var account = young[did] ?? old[did] ?? Account()
            if account.epoch != epoch { account.chain = nil }
            return account
        }
        set {
            var account = newValue
            account.epoch = epoch
            if young.count >= generation, young[did] == nil {
                old = young
                young = [:]
            }
            young[did] = account
        }
    }

    /// Forgets what every repository was at; keys stay.
    mutating func forgetChains() { epoch += 1 }
}
