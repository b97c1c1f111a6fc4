public import ATProtocol
internal import Crypto
internal import GRDB
public import LedgerStorage
public import Network

/// The result of forgetting a person.
public struct Forgetting: Sendable, Equatable {
    /// Deleted requests: those that they wrote, and those that only they were to be told of.
    public internal(set) var requests = 0
    /// Deleted messages to them.
    public internal(set) var messages = 0
    /// Requests of theirs that are kept, because a message to somebody else about them is in doubt.
    public internal(set) var inDoubt = 0
    /// Whether a hash is kept that says that nobody must write to them.
    public internal(set) var isSuppressed = false
}

extension RecipientStore {
    /// Deletes what is known of a person, as a recipient and as an author.
    ///
    /// If they must not be written to, a hash of that is kept. It does not wait for what is under way to them; nothing
    /// of it is sent again.
    public func forget(_ did: DID, now: UnixTime) async throws(LedgerError) -> Forgetting {
        var forgetting = Forgetting()
        forgetting.isSuppressed = try await database.transaction(at: now) { try $0.beginForgetting(did) }
        var step: LedgerTransaction.ForgettingStep
        repeat {
            step = try await database.transaction(at: now) { try $0.forgetNext(did) }
            forgetting.requests += step.requests
            forgetting.messages += step.messages
        } while step.isUnfinished
        for table in ["attempt", "job", "request"] {
            var last: Int64? = 0
            while let place = last {
                last = try await database.transaction(at: now) { try $0.unname(did, in: table, behind: place) }
            }
        }
        forgetting.inDoubt = try await database.read {
            try LedgerTransaction($0, now: now).requestsInDoubt(of: did)
        }
        return forgetting
    }
}

extension SuppressionList {
    /// How many accounts that must not be written to are kept as hashes only.
    public func countForgotten() async throws(LedgerError) -> Int {
        try await database.read { try $0.value("SELECT count(*) FROM forgotten") ?? 0 }
    }
}

extension LedgerTransaction {
    private static let saltSetting = "forgotten-salt"
    /// The most requests that one transaction visits.
    private static let forgettingBatch = 50
    /// The most rows that one transaction searches for a name.
    private static let searchedRows = 20_000

    /// What one transaction has deleted.
    struct ForgettingStep: Sendable {
        var requests = 0
        var messages = 0
        /// Whether there may be more.
        var isUnfinished = false
    }

    /// The hash by which a forgotten account is known; nil when no account was ever forgotten.
    func forgottenHash(of did: DID) throws -> String? {
        guard let text = try database.setting(Self.saltSetting), let salt = Base64.decode(text) else { return nil }
        return Base64.encode(Digest.hmacSHA256(key: salt, Array(did.text.utf8)))
    }

    /// Whether an account was forgotten and must not be written to.
    func isForgotten(_ did: DID) throws -> Bool {
        guard let hash = try forgottenHash(of: did) else { return false }
        return try database.exists("SELECT 1 FROM forgotten WHERE hash = \(hash)")
    }

    /// Notes why a forgotten account gets no messages, if that reason is stronger; returns whether the account is
    /// forgotten.
    func suppressForgotten(_ did: DID, _ reason: Reason) throws -> Bool {
        guard let hash = try forgottenHash(of: did), try isForgotten(did) else { return false }
        try database.run(
            "UPDATE forgotten SET reason = \(reason) WHERE hash = \(hash) AND reason = \(Reason.ownerStopped)"
        )
        return true
    }

    /// Replaces a person who must not be written to by a hash; returns whether they are one.
    fileprivate func beginForgetting(_ did: DID) throws -> Bool {
        // Deleted content is overwritten in the file.
        try database.execute(sql: "PRAGMA secure_delete = ON")
        guard let reason = try suppressionReason(of: did) else { return false }
        if try forgottenHash(of: did) == nil {
            try database.set(Self.saltSetting, to: Base64.encode(SecureRandom.bytes(32)))
        }
        let hash = try forgottenHash(of: did)
        try database.run("INSERT OR IGNORE INTO forgotten (hash, reason, added_at) VALUES (\(hash), \(reason), \(now))")
        try database.run("DELETE FROM suppression WHERE did = \(did)")
        return true
    }

    /// Deletes a batch of what is known of a person: first what they were to be told of, then what they wrote, then the
    /// rest.
    fileprivate func forgetNext(_ did: DID) throws -> ForgettingStep {
        var step = ForgettingStep()
        let before = database.totalChangesCount
        var isFull: Bool { database.totalChangesCount - before >= Self.rows }
        let jobs = try database.rows("SELECT id, request FROM job WHERE owner = \(did) LIMIT \(Self.forgettingBatch)")
        for job in jobs where !isFull {
            let (id, request): (Int64, Int64) = try (job.get("id"), job.get("request"))
            try database.run("DELETE FROM job WHERE id = \(id)")
            try database.run("DELETE FROM attempt WHERE request = \(request) AND owner = \(did)")
            guard try !database.exists("SELECT 1 FROM job WHERE request = \(request)") else { continue }
            try forget(request: request)
            step.requests += 1
        }
        let written: [Int64] = try database.values(
            """
            SELECT id FROM request WHERE author = \(did) AND NOT EXISTS (\(Self.doubts)) LIMIT \(Self.forgettingBatch)
            """
        )
        for request in written where !isFull {
            try forget(request: request)
            step.requests += 1
        }
        step.isUnfinished = !jobs.isEmpty || !written.isEmpty
        guard !step.isUnfinished else { return step }
        // No job refers to it any more.
        step.messages = try deleteSome(from: "message", by: "id", where: "owner = \(did)")
        step.isUnfinished = try step.messages > 0 || forgetRest(of: did)
        return step
    }

    /// A job of a request whose message may still be sent again.
    private static let doubts: SQL =
        "SELECT 1 FROM job WHERE request = request.id AND is_in_doubt AND state <> \(JobState.dropped)"

    fileprivate func requestsInDoubt(of did: DID) throws -> Int {
        try database.value("SELECT count(*) FROM request WHERE author = \(did) AND EXISTS (\(Self.doubts))") ?? 0
    }

    /// Deletes a request with its jobs and attempts, and its words from the messages that told of it.
    private func forget(request id: Int64) throws {
        let ends = [MessageMachine.State.delivered, .dropped]
        try database.run(
            """
            UPDATE message SET message = '{}' WHERE state IN \(ends)
                AND id IN (SELECT message FROM attempt WHERE request = \(id) AND message IS NOT NULL)
            """
        )
        try database.run("DELETE FROM sighting WHERE uri = (SELECT uri FROM request WHERE id = \(id))")
        try database.run("DELETE FROM request WHERE id = \(id)")
    }

    /// Whether a revoked record keeps others from being told.
    private static let isNeeded: SQL =
        "EXISTS (SELECT 1 FROM job WHERE confirmed_by = revoked.uri AND state IN \(JobState.open))"

    /// Removes a person's name from the details of a batch of rows; returns the last row, nil when there are no more.
    fileprivate func unname(_ did: DID, in table: String, behind place: Int64) throws -> Int64? {
        let rows: SQL = "SELECT id FROM \(sql: table) WHERE id > \(place) ORDER BY id LIMIT \(Self.searchedRows)"
        guard let last: Int64 = try database.value("SELECT max(id) FROM (\(rows))") else { return nil }
        try database.run(
            """
            UPDATE \(sql: table) SET detail = replace(detail, \(did), 'somebody')
            WHERE id > \(place) AND id <= \(last) AND instr(detail, \(did))
            """
        )
        return last
    }

    /// Deletes a batch of other rows that name a person; returns whether there were any.
    private func forgetRest(of did: DID) throws -> Bool {
        // Records in their repository.
        let (first, last) = ("at://\(did)/", "at://\(did)0")
        for (table, key, condition) in [
            ("recipient", "did", "did = \(did)"), ("preference", "owner", "owner = \(did)"),
            ("project", "owner, uri", "owner = \(did)"), ("conversation", "owner", "owner = \(did)"),
            ("heard", "owner", "owner = \(did)"), ("calling_off", "did, role", "did = \(did)"),
            ("opening", "id", "author = \(did)"), ("burst", "author", "author = \(did)"),
            ("writer", "collection, author", "author = \(did)"),
            ("answer", "round, author, collection", "author = \(did)"),
            // Gaps in what the stream told of their repository.
            ("gap", "id", "host = \(did)"),
            ("subscriber", "did, collection", "did = \(did)"), ("subscription", "uri, subject", "did = \(did)"),
            ("revoked", "uri", "uri >= \(first) AND uri < \(last) AND NOT \(Self.isNeeded)"),
            ("sighting", "id", "uri >= \(first) AND uri < \(last)"),
            ("confirmation", "reference", "uri >= \(first) AND uri < \(last)"),
            ("confirmation", "reference", "reference = \(did) OR reference >= \(first) AND reference < \(last)"),
            ("quarantine", "id", "instr(bytes, CAST(\(did) AS BLOB)) OR instr(detail, \(did))"),
        ] as [(String, String, SQL)] where try deleteSome(from: table, by: key, where: condition) > 0 {
            return true
        }
        // Messages to others that they caused by their turn.
        try database.run(
            """
            UPDATE message SET author = '' WHERE id IN (SELECT id FROM message WHERE author = \(did) LIMIT \(Self.rows))
            """
        )
        if database.changesCount > 0 { return true }
        // Their records that confirmed others as recipients, told or not.
        try database.run(
            """
            UPDATE job SET confirmed_by = NULL WHERE id IN (SELECT id FROM job WHERE confirmed_by >= \(first)
                AND confirmed_by < \(last) AND state IN \([JobState.delivered, .dropped]) LIMIT \(Self.rows))
            """
        )
        if database.changesCount > 0 { return true }
        let nobody = "at://did:plc:forgotten"
        try database.run("UPDATE rule_day SET uri = \(nobody) WHERE uri >= \(first) AND uri < \(last)")
        let unnamed: SQL = "replace(unanswered, \(did), 'somebody')"
        try database.run("UPDATE gap SET unanswered = \(unnamed) WHERE instr(unanswered, \(did))")
        if let followers = try database.setting(RecipientStore.followersSetting) {
            let others = followers.split(separator: " ").filter { $0 != did.text }
            try database.set(RecipientStore.followersSetting, to: others.joined(separator: " "))
        }
        return false
    }
}
