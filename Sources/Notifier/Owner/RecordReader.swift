internal import ATProtocol
internal import Network
internal import Synchronization

/// Why a look-up did not come to its end, and what was being done.
struct LookupFailure: Error, Sendable, Equatable {
    let phase: CallPhase
    let cause: CallFailure

    init(_ phase: CallPhase, _ cause: CallFailure) {
        self.phase = phase
        self.cause = cause
    }

    init(_ failure: IdentityFailure) { self.init(.identity, .identity(failure)) }

    /// What is to be done about it.
    var verdict: Verdict { classify(phase, cause) }

    /// Whether the account's document is known, and its PDS is one to which the guard lets nobody go.
    var isRefusedPDS: Bool { phase == .project && verdict.reason == .hostRefused }

    /// Whether nobody could say where the account is.
    fileprivate var isOfDirectory: Bool {
        guard case .identity(let failure) = cause else { return false }
        return failure.isTransient
    }

    /// Whether an account that is at home elsewhere by now would explain it.
    fileprivate var mayBeOfOldHome: Bool {
        let reasons: [Reason] = [
            .repositoryInactive, .repositoryGone, .repositoryNotFound, .projectUnavailable, .hostPaused, .hostRefused,
        ]
        return reasons.contains(verdict.reason)
    }
}

/// Reads records from the PDSes of their own accounts, which strangers chose (invariant 7), and remembers them for an hour.
///
/// The document says where an account is, and no PDS says that it is nowhere: what does not have it any more, or cannot be asked,
/// is a reason to ask for the document anew.
final class RecordReader: Sendable {
    /// Where an account's repository is, as its document says.
    struct Home: Sendable {
        let did: DID
        let pds: WebURL
        /// Whether the document was asked for past the cache.
        let isFresh: Bool
    }

    private let allowsLoopback: Bool
    private let identities: any IdentityResolving
    private let strangers: GuardedClient
    private let values: Mutex<RecordMemory<ATURI, JSONValue>>
    /// The collection by which an account is known as a group, or none.
    private let signs: Mutex<RecordMemory<[CollectionPattern], NSID?>>
    /// The records of a collection.
    private let lists: Mutex<RecordMemory<NSID, RecordList>>

    /// So much is remembered of each kind; all of it is forgotten when there is more.
    static let cacheCapacity = 1000
    /// How long it is believed to be as it was.
    private static let cacheLifetime = Duration.seconds(3600)
    /// Larger records are read anew each time, in bytes as JSON: a thousand of a stranger's largest would be more than the daemon
    /// may have.
    private static let largestRemembered = 8 << 10
    /// So many lists are remembered, and of each so much, in bytes as JSON.
    private static let listCapacity = 100
    private static let largestList = 128 << 10
    /// How many pages of an account's records are looked through.
    private static let maximumPages = 5

    init(
        allowsLoopback: Bool,
        identities: any IdentityResolving,
        strangers: GuardedClient
    ) {
        self.allowsLoopback = allowsLoopback
        self.identities = identities
        self.strangers = strangers
        values = Mutex(RecordMemory(capacity: Self.cacheCapacity, lifetime: Self.cacheLifetime))
        signs = Mutex(RecordMemory(capacity: Self.cacheCapacity, lifetime: Self.cacheLifetime))
        lists = Mutex(RecordMemory(capacity: Self.listCapacity, lifetime: Self.cacheLifetime))
    }

    /// The account that an AT-URI's authority is.
    func did(of uri: ATURI) async throws(LookupFailure) -> DID {
        switch uri.authority {
        case .did(let did): return did
        case .handle(let handle):
            do { return try await identities.did(of: handle) } catch { throw LookupFailure(error) }
        }
    }

    /// Where an account's repository is; `isFresh` asks past the cache of identities.
    func home(of did: DID, isFresh: Bool) async throws(LookupFailure) -> Home {
        let document: DIDDocument
        do { document = try await identities.document(of: did, isFresh: isFresh) } catch { throw LookupFailure(error) }
        do {
            return Home(did: did, pds: try document.pds(allowsLoopback: allowsLoopback), isFresh: isFresh)
        } catch {
            // Whose document it is is known then, and the account may be written to.
            throw error.code == .refusedHost ? LookupFailure(.project, .identity(error)) : LookupFailure(error)
        }
    }

    /// What else than a PDS an account's DID document names; empty when it has one, or none of either.
    func otherServices(of did: DID) async -> [String] {
        guard let document = try? await identities.document(of: did, isFresh: false), document.pdsEndpoint == nil else {
            return []
        }
        return document.services.keys.sorted()
    }

    /// The answer of an account's PDS; when that does not have the account any more or cannot be asked, of the one that the
    /// document names by now, if it is another.
    private func answer<Value: Sendable>(
        at home: Home,
        _ question: (WebURL) async throws(LookupFailure) -> Value
    ) async throws(LookupFailure) -> Value {
        let objection: LookupFailure
        do throws(LookupFailure) { return try await question(home.pds) } catch { objection = error }
        guard !home.isFresh, objection.mayBeOfOldHome else { throw objection }
        let now: Home
        do throws(LookupFailure) { now = try await self.home(of: home.did, isFresh: true) } catch {
            // While nobody can say where they are, nothing that another server says is for good.
            throw error.isOfDirectory && !objection.verdict.isFinal ? objection : error
        }
        guard now.pds != home.pds else { throw objection }
        return try await question(now.pds)
    }

    /// A record of an account; `isFresh` asks past what is remembered.
    ///
    /// What the stream tells of while it is read is read once more.
    func record(_ uri: ATURI, at home: Home, isFresh: Bool) async throws(LookupFailure) -> JSONValue {
        let did = home.did
        guard let collection = uri.collection, let key = uri.recordKey else {
            return try await wholeRecord(uri, at: home)
        }
        // The stream knows accounts by their DIDs.
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

    /// A record of an account as it is.
    func wholeRecord(_ uri: ATURI, at home: Home) async throws(LookupFailure) -> JSONValue {
        try await answer(at: home) { pds throws(LookupFailure) in
            do throws(CallFailure) {
                let request = ProjectRequest(uri: uri, repository: home.did, pds: pds)
                return try await request.fetch { request throws(CallFailure) in try await strangers.send(request) }
            } catch { throw LookupFailure(.project, error) }
        }
    }

    /// The records of an account in a collection (com.atproto.repo.listRecords), as they were in the last hour.
    func rememberedRecords(in collection: NSID, at home: Home) async throws(LookupFailure) -> RecordList {
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

    /// The records of an account in a collection (com.atproto.repo.listRecords), each once, whatever the server repeats.
    func records(in collection: NSID, at home: Home) async throws(LookupFailure) -> RecordList {
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

    /// A collection among these that an account's repository holds records of; nil for none (com.atproto.repo.describeRepo).
    func collection(
        at home: Home,
        among patterns: [CollectionPattern]
    ) async throws(LookupFailure) -> NSID? {
        let did = home.did
        let now = strangers.clock.now()
        if let known = signs.withLock({ $0.value(of: patterns, by: did, at: now) }) { return known }
        signs.withLock { $0.begin(patterns, by: did) }
        defer { signs.withLock { $0.end(patterns, by: did) } }
        let before = signs.withLock { $0.changes(of: patterns, by: did) }
        let description = try await ask(home, "com.atproto.repo.describeRepo", [("repo", did.text)])
        guard let list = description["collections"]?.array else {
            let failure = CallFailure.unreadable(status: 200, detail: "the answer does not list the collections")
            throw LookupFailure(.project, failure)
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
    ) async throws(LookupFailure) -> JSONValue {
        try await answer(at: home) { pds throws(LookupFailure) in
            do throws(CallFailure) {
                let request = HTTPRequest(
                    .get,
                    pds.with(path: "/xrpc/\(method)", query: query),
                    timeout: .seconds(10),
                    maximumBody: ProjectRequest.maximumBody,
                    reach: .stranger
                )
                let response = try await strangers.send(request)
                guard response.isSuccess else { throw CallFailure.answer(XRPCError(response)) }
                return try response.json()
            } catch { throw LookupFailure(.project, error) }
        }
    }

    /// The verified handle of an account; nil when that cannot be said within this time, for it is only for show.
    func handle(of did: DID, within limit: Duration) async -> String? {
        await Unhurried.answer(within: limit) { [identities] in await identities.handle(of: did) }??.text
    }

    /// Forgets a record, for the stream told that it is another now.
    func forget(_ uri: ATURI) {
        guard let did = uri.did else { return }
        values.withLock { $0.forget(uri, by: did) }
        if let collection = uri.collection { lists.withLock { $0.forget(collection, by: did) } }
    }

    /// Forgets an account, its document included, for the stream told that it may be another now.
    func forget(_ did: DID) async {
        values.withLock { $0.forget(did) }
        signs.withLock { $0.forget(did) }
        lists.withLock { $0.forget(did) }
        await identities.purge(did)
    }
}
