internal import ATProtocol
internal import GRDB
internal import LedgerStorage
internal import Network

/// Who asked to be told of what, as their own repositories say.
///
/// What the stream tells is only a reason to read a repository: nobody is put down for what a host says. A deletion is heeded
/// at once.
struct SubscriptionStore: Sendable {
    let database: LedgerDatabase

    /// Somebody whose repository is to be read.
    struct Subscriber: Sendable, Equatable {
        let did: DID
        let collection: NSID
        /// Failed tries in a row.
        let attempts: Int
        /// What the stream told of them so far; what it tells while they are read counts.
        let changes: Int
        /// The record that the stream told of last; nil when it told of none that is there.
        let claim: String?
    }

    /// A record of theirs.
    struct Subscription: Sendable, Equatable {
        let uri: ATURI
        let subjects: [ProjectReference]
        /// The collections of which alone they want to hear; nil for all.
        var wanted: [NSID]?
    }

    /// The most people whose repositories are read.
    static let maximumSubscribers = 20_000
    /// So many places are free for who comes next, as long as anybody holds one for nothing.
    static let freePlaces = 500
    /// Who was to be told of nothing for so long holds their place for nothing.
    static let usefulness = Duration.seconds(30 * 86_400)
    /// The most subscriptions of one of them, the newest of each collection.
    static let maximumSubscriptions = 100
    /// How often a repository is read of which nothing is told: the stream has gaps.
    static let rereading = Duration.seconds(86_400)
    /// Somebody whose records change all the time is read no more often.
    fileprivate static let pause = Duration.seconds(10)
    /// A reading that was broken off is begun again behind this.
    private static let patience = Duration.seconds(120)

    /// Those who subscribe to one of these subjects and want to hear of a collection, in the order of their DIDs.
    func subscribers(
        of subjects: [ProjectReference],
        by collections: [NSID],
        for wanted: NSID,
        atMost limit: Int
    ) async throws(LedgerError) -> [(did: DID, record: ATURI)] {
        let (subjects, collections) = (Set(subjects.map(\.description)).sorted(), collections.map(\.text))
        return try await database.read { database in
            var found: [(did: DID, record: ATURI)] = []
            for subject in subjects {
                let rows = try database.rows(
                    """
                    SELECT uri, did FROM subscription WHERE subject = \(subject) AND collection IN \(collections)
                        AND \(Self.wants(wanted.text)) ORDER BY uri LIMIT \(limit)
                    """
                )
                for row in rows { found.append((try DID(row.get("did")), try ATURI(row.get("uri")))) }
            }
            return found
        }
    }

    /// Whether a subscription is to hear of a collection.
    fileprivate static func wants(_ collection: String) -> SQL {
        "(wanted IS NULL OR instr(' ' || wanted || ' ', ' ' || \(collection) || ' ') > 0)"
    }

    /// Those who are to be read now, the longest waiting first; they are noted as asked.
    func due(limit: Int, now: UnixTime) async throws(LedgerError) -> [Subscriber] {
        try await database.write { database in
            let rows = try database.rows(
                "SELECT * FROM subscriber WHERE due_at <= \(now) ORDER BY due_at LIMIT \(limit)"
            )
            return try rows.map { row in
                let (did, collection): (DID, NSID) = try (DID(row.get("did")), NSID(row.get("collection")))
                try database.run(
                    """
                    UPDATE subscriber SET asked_at = \(now), due_at = \(now + Self.patience)
                    WHERE did = \(did) AND collection = \(collection.text)
                    """
                )
                return Subscriber(
                    did: did,
                    collection: collection,
                    attempts: try row.get("attempts"),
                    changes: try row.get("changes"),
                    claim: try row.get("claim")
                )
            }
        }
    }

    /// When somebody is to be read next; nil when nobody is.
    func nextDue() async throws(LedgerError) -> UnixTime? {
        try await database.read { try $0.value("SELECT due_at FROM subscriber ORDER BY due_at LIMIT 1") }
    }

    /// Puts what a repository says in the place of what was known of it, unless the stream told of more meanwhile; whoever
    /// subscribes to nothing is forgotten.
    func store(
        _ subscriptions: [Subscription],
        of subscriber: Subscriber,
        next: Duration,
        now: UnixTime
    ) async throws(LedgerError) {
        try await database.write { database in
            let (did, collection) = (subscriber.did, subscriber.collection.text)
            let whose: SQL = "did = \(did) AND collection = \(collection)"
            let isCurrent = try database.exists(
                "SELECT 1 FROM subscriber WHERE \(whose) AND changes = \(subscriber.changes)"
            )
            guard isCurrent else { return }
            try database.run("DELETE FROM subscription WHERE \(whose)")
            for subscription in subscriptions {
                for subject in Set(subscription.subjects.map(\.description)) {
                    try database.run(
                        """
                        INSERT INTO subscription (uri, subject, did, collection, wanted)
                        VALUES (\(subscription.uri), \(subject), \(did), \(collection),
                            \(subscription.wanted?.map(\.text).joined(separator: " "))) ON CONFLICT DO NOTHING
                        """
                    )
                }
            }
            if subscriptions.isEmpty {
                try database.run("DELETE FROM subscriber WHERE \(whose)")
            } else {
                try database.run(
                    "UPDATE subscriber SET due_at = \(now + next), attempts = 0, claim = NULL WHERE \(whose)"
                )
            }
        }
    }

    /// Reads somebody again later, whose repository did not answer; what was known of it stands.
    func postpone(_ subscriber: Subscriber, by wait: Duration, now: UnixTime) async throws(LedgerError) {
        try await database.write { database in
            try database.run(
                """
                UPDATE subscriber SET due_at = \(now + wait), attempts = attempts + 1
                WHERE did = \(subscriber.did) AND collection = \(subscriber.collection.text)
                    AND changes = \(subscriber.changes)
                """
            )
        }
    }

    /// Has the repositories of those read who are not known yet, and were not forgotten to be told nothing, a batch at a time;
    /// whether there was room for all.
    func take(_ dids: [DID], in collection: NSID, now: UnixTime) async throws(LedgerError) -> Bool {
        var isRoom = true
        for start in stride(from: 0, to: dids.count, by: LedgerTransaction.rows) {
            let batch = Array(dids[start..<min(start + LedgerTransaction.rows, dids.count)])
            let isTaken = try await database.transaction(at: now) { transaction in
                let database = transaction.database
                var room = try database.roomForSubscribers(in: Self.maximumSubscribers)
                for did in batch where try room > 0 && !transaction.isForgotten(did) {
                    try database.run(
                        """
                        INSERT INTO subscriber (did, collection, due_at, added_at)
                        VALUES (\(did), \(collection.text), \(now), \(now)) ON CONFLICT DO NOTHING
                        """
                    )
                    room -= database.changesCount
                }
                return room > 0
            }
            isRoom = isRoom && isTaken
        }
        return isRoom
    }

    /// Forgets a batch of those whose collections no rule reads any more; whether there was any.
    func forget(allBut collections: [NSID]) async throws(LedgerError) -> Bool {
        let names = collections.map(\.text)
        return try await database.write { try $0.forgetSubscribers("WHERE collection NOT IN \(names)") }
    }

    /// Forgets a batch of those who were to be told of nothing for long, those first to whom that never happened, when there are
    /// few places left; whether there was anybody.
    func makeRoom(in places: Int = maximumSubscribers, now: UnixTime) async throws(LedgerError) -> Bool {
        try await database.write { database in
            guard try database.roomForSubscribers(in: places) < Self.freePlaces else { return false }
            let limit = now - Self.usefulness
            return try database.forgetSubscribers(
                "WHERE useful_at < \(limit) AND asked_at IS NOT NULL ORDER BY useful_at, added_at"
            )
        }
    }
}

extension Database {
    /// How many more people there is room for.
    fileprivate func roomForSubscribers(in places: Int) throws -> Int {
        try places - (value("SELECT number FROM subscriber_count") ?? 0)
    }

    /// Forgets the first few of some subscribers; whether there was any.
    fileprivate func forgetSubscribers(_ which: SQL) throws -> Bool {
        let rows = try self.rows("SELECT did, collection FROM subscriber \(which) LIMIT 5")
        for row in rows {
            let (did, collection): (String, String) = try (row.get("did"), row.get("collection"))
            try run("DELETE FROM subscription WHERE did = \(did) AND collection = \(collection)")
            try run("DELETE FROM subscriber WHERE did = \(did) AND collection = \(collection)")
        }
        return !rows.isEmpty
    }
}

extension LedgerTransaction {
    /// Takes note that the stream told of a record by which somebody asks to be told.
    func heed(subscription uri: ATURI, isDeleted: Bool) throws {
        guard let did = uri.did, let collection = uri.collection else { return }
        // What was read stands until the repository says otherwise, but who wants to hear no more is not told once more.
        if isDeleted { try database.run("DELETE FROM subscription WHERE uri = \(uri)") }
        let claim = isDeleted ? nil : uri.text
        let pause = SubscriptionStore.pause
        try database.run(
            """
            UPDATE subscriber SET changes = changes + 1, claim = \(claim), attempts = 0,
                due_at = min(\(now + pause), max(\(now), coalesce(asked_at, 0) + \(pause)))
            WHERE did = \(did) AND collection = \(collection.text)
            """
        )
        // Nobody is remembered for it who was forgotten and is told nothing.
        guard database.changesCount == 0, try !isDeleted && !isForgotten(did),
            try database.roomForSubscribers(in: SubscriptionStore.maximumSubscribers) > 0
        else { return }
        try database.run(
            """
            INSERT INTO subscriber (did, collection, due_at, claim, added_at)
            VALUES (\(did), \(collection.text), \(now), \(claim), \(now))
            """
        )
    }

    /// Takes note that somebody is to be told because of what they subscribe to: they hold their place for something.
    func noteUse(by did: DID, of record: ATURI?) throws {
        guard let collection = record?.collection?.text else { return }
        try database.run(
            "UPDATE subscriber SET useful_at = \(now) WHERE did = \(did) AND collection = \(collection)"
        )
    }

    /// Lets a batch of those be read within the longest wait whom a clock that was ahead has put off for longer.
    func correctSubscribers() throws {
        let latest = now + SubscriptionStore.rereading
        try database.run(
            """
            UPDATE subscriber SET due_at = \(latest) WHERE (did, collection) IN
                (SELECT did, collection FROM subscriber WHERE due_at > \(latest) LIMIT \(Self.batch))
            """
        )
    }

    /// Takes note that the stream told of a record that may say who works on a project.
    func heed(collaboration uri: ATURI, cid: String?) throws {
        try database.run(
            """
            INSERT OR REPLACE INTO revoked (uri, at, cid) SELECT \(uri), \(now), \(cid)
            WHERE EXISTS (SELECT 1 FROM job WHERE confirmed_by = \(uri))
            """
        )
    }

    /// Takes a repository's word for the version of a record that says who works on a project; not at once, for it may have been
    /// read before the stream told of another.
    func trust(_ project: Resolution.Project) throws {
        guard let record = project.confirmedBy, let cid = project.confirmedAs else { return }
        try database.run(
            """
            UPDATE revoked SET cid = \(cid) WHERE uri = \(record) AND cid <> \(cid) AND at < \(now - Self.longestReading)
            """
        )
    }

    private static let longestReading = Duration.seconds(60)

    /// Whether the record that says why somebody beside the owner is told does so, as far as is known; whether it does in a
    /// version that is newer is asked once more.
    func confirmation(of job: Job) throws -> Admission {
        guard job.role != .owner else { return .told }
        guard let record = job.confirmedBy, let version = job.confirmedAs else { return .refused(job.role.endReason) }
        if job.role == .subscriber {
            let isSubscribed = try database.exists(
                """
                SELECT 1 FROM subscription WHERE uri = \(record) AND instr(' ' || \(version) || ' ', ' ' || subject || ' ') > 0
                    AND \(SubscriptionStore.wants(job.uri.collection?.text ?? ""))
                """
            )
            return isSubscribed ? .told : .refused(job.role.endReason)
        }
        guard let row = try database.row("SELECT cid FROM revoked WHERE uri = \(record)") else { return .told }
        guard let cid = try row.get("cid") as String? else { return .refused(job.role.endReason) }
        return cid == version ? .told : .waits(.waiting)
    }
}
