internal import ATProtocol
internal import GRDB
internal import LedgerStorage
internal import Network

/// Who has subscribed to what, as their own repositories say.
///
/// What the stream tells is only a reason to read a repository: nobody becomes a subscriber because a host says so. A
/// deletion takes effect at once.
struct SubscriptionStore: Sendable {
    let database: LedgerDatabase

    /// Somebody whose repository must be read.
    struct Subscriber: Sendable, Equatable {
        let did: DID
        let collection: NSID
        /// Failed tries in a row.
        let attempts: Int
        /// How often the stream has told of their records; what it tells during a reading counts, too.
        let changes: Int
        /// The record that the stream told last; nil when that was a deletion.
        let claim: String?
    }

    /// A subscription record of theirs.
    struct Subscription: Sendable, Equatable {
        let uri: ATURI
        let subjects: [ProjectReference]
        /// The only collections that they want to hear about; nil for all.
        var wanted: [NSID]?
    }

    /// The most people whose repositories are read.
    static let maximumSubscribers = 20_000
    /// How many places are kept free for new people, as long as there are unused places to take.
    static let freePlaces = 500
    /// After so long without being told anything, a subscriber's place counts as unused.
    static let usefulness = Duration.seconds(30 * 86_400)
    /// The most subscriptions of one person; the newest of each collection are kept.
    static let maximumSubscriptions = 100
    /// How often a repository is read although the stream tells nothing of it, because the stream has gaps.
    static let rereading = Duration.seconds(86_400)
    /// The least time between two readings of a repository whose records change all the time.
    fileprivate static let pause = Duration.seconds(10)
    /// After this time an interrupted reading is begun again.
    private static let patience = Duration.seconds(120)

    /// Those who subscribe to one of these subjects and want to hear about a collection, in the order of their DIDs.
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

    /// A condition on subscriptions: they want to hear about this collection.
    fileprivate static func wants(_ collection: String) -> SQL {
        "(wanted IS NULL OR instr(' ' || wanted || ' ', ' ' || \(collection) || ' ') > 0)"
    }

    /// Those who must be read now, with the longest wait first; notes that they are being read.
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

    /// When the next reading is due; nil for never.
    func nextDue() async throws(LedgerError) -> UnixTime? {
        try await database.read { try $0.value("SELECT due_at FROM subscriber ORDER BY due_at LIMIT 1") }
    }

    /// Stores what a repository says in place of what was known of it, unless the stream has told more meanwhile.
    ///
    /// People without a subscription are forgotten.
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

    /// Reads somebody later whose repository did not answer; what was known of them stays.
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

    /// Makes unknown people subscribers to be read, a batch at a time; those who were forgotten and get no messages are
    /// left out.
    ///
    /// - Returns: whether there was room for all.
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

    /// Forgets a batch of subscribers in collections that no rule reads any more; returns whether there were any.
    func forget(allBut collections: [NSID]) async throws(LedgerError) -> Bool {
        let names = collections.map(\.text)
        return try await database.write { try $0.forgetSubscribers("WHERE collection NOT IN \(names)") }
    }

    /// Forgets a batch of subscribers with unused places, when few places are left; those who were never told go first.
    ///
    /// - Returns: whether there were any.
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

    /// Forgets the first few of some subscribers; returns whether there were any.
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
    /// Notes that the stream told of a subscription record.
    func heed(subscription uri: ATURI, isDeleted: Bool) throws {
        guard let did = uri.did, let collection = uri.collection else { return }
        // Until the repository is read, the earlier reading stands, except that a deleted subscription has no effect
        // any more.
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
        // Somebody who was forgotten and gets no messages is not stored again.
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

    /// Notes that somebody is told because of a subscription, so that their place counts as used.
    func noteUse(by did: DID, of record: ATURI?) throws {
        guard let collection = record?.collection?.text else { return }
        try database.run("UPDATE subscriber SET useful_at = \(now) WHERE did = \(did) AND collection = \(collection)")
    }

    /// Limits the wait for a reading to the longest allowed, for a batch of rows that a clock that was ahead has dated.
    func correctSubscribers() throws {
        let latest = now + SubscriptionStore.rereading
        try database.run(
            """
            UPDATE subscriber SET due_at = \(latest) WHERE (did, collection) IN
                (SELECT did, collection FROM subscriber WHERE due_at > \(latest) LIMIT \(Self.batch))
            """
        )
    }

    /// Notes that the stream told of a record that may name a project's collaborators.
    func heed(collaboration uri: ATURI, cid: String?) throws {
        try database.run(
            """
            INSERT OR REPLACE INTO revoked (uri, at, cid) SELECT \(uri), \(now), \(cid)
            WHERE EXISTS (SELECT 1 FROM job WHERE confirmed_by = \(uri))
            """
        )
    }

    /// Takes over the version of a collaborator's record that the repository has.
    ///
    /// Not at once, because it may have been read before the stream told of a newer version.
    func trust(_ project: Resolution.Project) throws {
        guard let record = project.confirmedBy, let cid = project.confirmedAs else { return }
        try database.run(
            """
            UPDATE revoked SET cid = \(cid) WHERE uri = \(record) AND cid <> \(cid) AND at < \(now - Self.longestReading)
            """
        )
    }

    private static let longestReading = Duration.seconds(60)

    /// Whether the record that makes somebody a recipient still does, as far as is known.
    ///
    /// For a newer version, the look-up asks once more.
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
