internal import ATProtocol
internal import Network
internal import Synchronization

/// Why a look-up did not finish, and what was being done.
struct LookupError: Error, Sendable, Equatable {
    let phase: CallPhase
    let cause: CallError

    init(_ phase: CallPhase, _ cause: CallError) {
        self.phase = phase
        self.cause = cause
    }

    init(_ phase: CallPhase, _ reason: Reason, _ detail: String) { self.init(phase, .refused(Refusal(reason, detail))) }

    init(_ failure: IdentityError) { self.init(.identity, .identity(failure)) }

    /// What to do about it.
    var verdict: Verdict { classify(phase, cause) }

    /// Whether the account's document is known, but the guard forbids its PDS.
    var isRefusedPDS: Bool { phase == .project && verdict.reason == .hostRefused }

    /// Whether nobody could say where the account is.
    fileprivate var isOfDirectory: Bool {
        guard case .identity(let failure) = cause else { return false }
        return failure.isTransient
    }

    /// Whether an account that has moved to another server would explain it.
    fileprivate var mayBeOfOldHome: Bool {
        let reasons: [Reason] = [
            .repositoryInactive, .repositoryGone, .repositoryNotFound, .projectUnavailable, .hostPaused, .hostRefused,
        ]
        return reasons.contains(verdict.reason)
    }
}

/// Reads records from their accounts' PDSes, which strangers chose (invariant 7), and remembers them for an hour.
///
/// Only the DID document says where an account is. A PDS that does not have the account any more, or cannot be asked,
/// is a reason to fetch the document again.
final class RecordReader: Sendable {
    /// The server of an account's repository, by its DID document.
    struct Home: Sendable {
        let did: DID
        let pds: WebURL
        /// Whether the document was fetched without the cache.
        let isFresh: Bool
    }

    private let allowsLoopback: Bool
    private let identities: any IdentityResolving
    private let strangers: GuardedClient
    private let values: Mutex<RecordMemory<ATURI, JSONValue>>
    /// The collection that shows that an account is a group; nil for none.
    private let signs: Mutex<RecordMemory<[CollectionPattern], NSID?>>
    /// The records of a collection.
    private let lists: Mutex<RecordMemory<NSID, RecordList>>

    /// How many values of each kind are remembered; with more, all are forgotten.
    static let cacheCapacity = 1000
    /// How long a value is believed.
    private static let cacheLifetime = Duration.seconds(3600)
    /// Larger records are read each time, in bytes of JSON: a thousand of the largest that strangers may write would be
    /// too much memory.
    private static let largestRemembered = 8 << 10
    /// How many lists are remembered, and the largest size of each, in bytes of JSON.
    private static let listCapacity = 100
    private static let largestList = 128 << 10
    /// The most pages of an account's records that are read.
    private static let maximumPages = 5

    init(allowsLoopback: Bool, identities: any IdentityResolving, strangers: GuardedClient) {
        self.allowsLoopback = allowsLoopback
        self.identities = identities
        self.strangers = strangers
        values = Mutex(RecordMemory(capacity: Self.cacheCapacity, lifetime: Self.cacheLifetime))
        signs = Mutex(RecordMemory(capacity: Self.cacheCapacity, lifetime: Self.cacheLifetime))
        lists = Mutex(RecordMemory(capacity: Self.listCapacity, lifetime: Self.cacheLifetime))
    }

    /// The account of an AT-URI's authority.
    func did(of uri: ATURI) async throws(LookupError) -> DID {
        switch uri.authority {
        case .did(let did): return did
        case .handle(let handle):
            do { return try await identities.did(of: handle) } catch { throw LookupError(error) }
        }
    }

    /// The server of an account's repository; `isFresh` bypasses the identity cache.
    func home(of did: DID, isFresh: Bool) async throws(LookupError) -> Home {
        let document: DIDDocument
        do { document = try await identities.document(of: did, isFresh: isFresh) } catch { throw LookupError(error) }
        do {
            return Home(did: did, pds: try document.pds(allowsLoopback: allowsLoopback), isFresh: isFresh)
        } catch {
            // The account itself is known then, and may be written to.
            throw error.code == .refusedHost ? LookupError(.project, .identity(error)) : LookupError(error)
        }
    }

    /// The services other than a PDS in an account's DID document; empty when it has a PDS, or no services.
    func otherServices(of did: DID) async -> [String] {
        guard let document = try? await identities.document(of: did, isFresh: false), document.pdsEndpoint == nil else {
            return []
        }
        return document.services.keys.sorted()
    }

    /// The answer of an account's PDS.
    ///
    /// When that PDS does not have the account any more, or cannot be asked, the document is fetched again, and another
    /// PDS that it names is asked.
    private func answer<Value: Sendable>(
        at home: Home,
        _ question: (WebURL) async throws(LookupError) -> Value
    ) async throws(LookupError) -> Value {
        let objection: LookupError
        do throws(LookupError) { return try await question(home.pds) } catch { objection = error }
        guard !home.isFresh, objection.mayBeOfOldHome else { throw objection }
        let now: Home
        do throws(LookupError) { now = try await self.home(of: home.did, isFresh: true) } catch {
            // While the directory cannot be asked, no other server's answer is final.
            throw error.isOfDirectory && !objection.verdict.isFinal ? objection : error
        }
        guard now.pds != home.pds else { throw objection }
        return try await question(now.pds)
    }

    /// A record of an account; `isFresh` bypasses the memory.
    ///
    /// If the stream tells of a change during the reading, the record is read once more.
    func record(_ uri: ATURI, at home: Home, isFresh: Bool) async throws(LookupError) -> JSONValue {
        let did = home.did
        guard let collection = uri.collection, let key = uri.recordKey else {
            return try await wholeRecord(uri, at: home)
        }
        // The stream refers to accounts by DID.
        let place = ATURI(did, collection, key)
        let now = strangers.clock.now()
        if !isFresh, let value = values.withLock({ $0.value(of: place, by: did, at: now) }) { return value }
        values.withLock { $0.begin(place, by: did) }
        defer { values.withLock { $0.end(place, by: did) } }
        var before = values.withLock { $0.changes(of: place, by: did) }
        var value = try await wholeRecord(uri, at: home)
        let meanwhile = values.withLock { $0.changes(of: place, by: did) }
        if meanwhile != before {
            before = meanwhile
            value = try await wholeRecord(uri, at: home)
        }
        guard value.encodedText.utf8.count <= Self.largestRemembered else { return value }
        values.withLock { $0.store(value, of: place, by: did, unlessChangedSince: before, at: now) }
        return value
    }

    /// A record of an account, read now.
    func wholeRecord(_ uri: ATURI, at home: Home) async throws(LookupError) -> JSONValue {
        try await answer(at: home) { pds throws(LookupError) in
            do throws(CallError) {
                return try await strangers.record(uri, of: home.did, at: pds)
            } catch { throw LookupError(.project, error) }
        }
    }

    /// The records of an account in a collection (com.atproto.repo.listRecords), read within the last hour.
    func rememberedRecords(in collection: NSID, at home: Home) async throws(LookupError) -> RecordList {
        let did = home.did
        let now = strangers.clock.now()
        if let known = lists.withLock({ $0.value(of: collection, by: did, at: now) }) { return known }
        lists.withLock { $0.begin(collection, by: did) }
        defer { lists.withLock { $0.end(collection, by: did) } }
        let before = lists.withLock { $0.changes(of: collection, by: did) }
        let list = try await records(in: collection, at: home)
        let size = list.records.reduce(0) { $0 + $1.value.encodedText.utf8.count }
        guard size <= Self.largestList else { return list }
        lists.withLock { $0.store(list, of: collection, by: did, unlessChangedSince: before, at: now) }
        return list
    }

    /// The records of an account in a collection (com.atproto.repo.listRecords), each once, even if the server repeats
    /// some.
    func records(in collection: NSID, at home: Home) async throws(LookupError) -> RecordList {
        let did = home.did
        var found: [RecordList.Entry] = []
        var known: Set<ATURI> = []
        var cursor: String?
        for _ in 0..<Self.maximumPages {
            var query = [("repo", did.text), ("collection", collection.text), ("limit", "100")]
            if let cursor { query.append(("cursor", cursor)) }
            let page = try await ask(home, "com.atproto.repo.listRecords", query)
            for record in page["records"]?.array ?? [] {
                guard let uri = record["uri"]?.string.flatMap({ try? ATURI($0) }), uri.did == did,
                    uri.collection == collection, let value = record["value"], known.insert(uri).inserted
                else { continue }
                found.append(RecordList.Entry(uri: uri, cid: record["cid"]?.string ?? "", value: value))
            }
            cursor = page["cursor"]?.string
            if cursor == nil { return RecordList(records: found, isComplete: true) }
        }
        return RecordList(records: found, isComplete: false)
    }

    /// The first of these collections of which the account has records; nil for none (com.atproto.repo.describeRepo).
    func collection(at home: Home, among patterns: [CollectionPattern]) async throws(LookupError) -> NSID? {
        let did = home.did
        let now = strangers.clock.now()
        if let known = signs.withLock({ $0.value(of: patterns, by: did, at: now) }) { return known }
        signs.withLock { $0.begin(patterns, by: did) }
        defer { signs.withLock { $0.end(patterns, by: did) } }
        let before = signs.withLock { $0.changes(of: patterns, by: did) }
        let description = try await ask(home, "com.atproto.repo.describeRepo", [("repo", did.text)])
        guard let list = description["collections"]?.array else {
            let failure = CallError.unreadable(status: 200, detail: "the answer does not list the collections")
            throw LookupError(.project, failure)
        }
        let held = list.lazy.compactMap { $0.string.flatMap { try? NSID($0) } }
        let sign = held.first { held in patterns.contains { $0.matches(held) } }
        signs.withLock { $0.store(sign, of: patterns, by: did, unlessChangedSince: before, at: now) }
        return sign
    }

    private func ask(
        _ home: Home,
        _ method: String,
        _ query: [(name: String, value: String)]
    ) async throws(LookupError) -> JSONValue {
        try await answer(at: home) { pds throws(LookupError) in
            do throws(CallError) {
                return try await strangers.ask(pds, method, query).json()
            } catch { throw LookupError(.project, error) }
        }
    }

    /// The verified handle of an account, for show only; nil when it is not known within this time.
    func handle(of did: DID, within limit: Duration) async -> String? {
        await Unhurried.answer(within: limit) { [identities] in await identities.handle(of: did) }??.text
    }

    /// Forgets a record, because the stream told of a change.
    func forget(_ uri: ATURI) {
        guard let did = uri.did else { return }
        values.withLock { $0.forget(uri, by: did) }
        if let collection = uri.collection { lists.withLock { $0.forget(collection, by: did) } }
    }

    /// Forgets an account and its document, because the stream told of a change.
    func forget(_ did: DID) async {
        values.withLock { $0.forget(did) }
        signs.withLock { $0.forget(did) }
        lists.withLock { $0.forget(did) }
        await identities.purge(did)
    }
}
