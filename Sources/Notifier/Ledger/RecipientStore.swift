internal import ATProtocol
internal import GRDB

/// What is known about recipients: whether they follow the sender, and when those who are waited for are asked after.
///
/// `ask_at` stands while jobs wait for the recipient's follow. A row with `follows = 1` and `ask_at` is one whose jobs are
/// being woken.
struct RecipientStore: Sendable {
    let database: LedgerDatabase

    /// Whether a recipient was seen to follow the sender since a time, in seconds since the Unix epoch; nil when nobody asked.
    func follows(_ did: DID, since time: Double) async throws(LedgerError) -> Bool? {
        try await database.read { try $0.follows(did, since: time) }
    }

    /// Stores that these follow the sender, as far as somebody ever wanted to know.
    func follow(_ followers: [DID], now: Double) async throws(LedgerError) {
        try await database.write { database in
            for did in followers {
                try database.execute(
                    sql: "UPDATE recipient SET follows = 1, asked_at = ? WHERE did = ?",
                    arguments: [now, did.text]
                )
            }
        }
    }
}

extension Database {
    fileprivate func follows(_ did: DID, since time: Double) throws -> Bool? {
        let sql = "SELECT follows FROM recipient WHERE did = ? AND asked_at >= ?"
        return try Row.fetchOne(self, sql: sql, arguments: [did.text, time])?["follows"]
    }
}

extension LedgerTransaction {
    /// Whether a recipient follows the sender, by the last answer.
    func follows(_ did: DID) throws -> Bool? { try database.follows(did, since: -.infinity) }

    /// Stores whether a recipient follows the sender.
    func store(_ did: DID, follows: Bool) throws {
        try database.execute(
            sql: """
                INSERT INTO recipient (did, follows, asked_at) VALUES (?, ?, ?)
                ON CONFLICT DO UPDATE SET follows = excluded.follows, asked_at = excluded.asked_at
                """,
            arguments: [did.text, follows, now]
        )
    }

    /// Notes that something waits for a recipient's follow, who is asked after at that time at the latest.
    func awaitFollow(of did: DID, _ reason: Reason, at time: Double) throws {
        let isUnknown = reason == .relationshipUnknown
        // The chat service knows better than what was believed.
        let isNews = reason == .ownerDoesNotFollow
        try database.execute(
            sql: """
                INSERT INTO recipient (did, follows, asked_at, ask_at) VALUES (?1, ?2, ?3, ?4)
                ON CONFLICT DO UPDATE SET ask_at = min(coalesce(ask_at, ?4), ?4),
                    follows = CASE WHEN ?5 THEN ?2 ELSE follows END, asked_at = CASE WHEN ?5 THEN ?3 ELSE asked_at END
                """,
            arguments: [did.text, isUnknown ? nil : false, isUnknown ? nil : now, time, isUnknown || isNews]
        )
    }

    /// Asks after a recipient at another time; never when nothing waits for them any more.
    func ask(after did: String, at time: Double?) throws {
        try database.execute(
            sql: "UPDATE recipient SET ask_at = ? WHERE did = ? AND ask_at IS NOT NULL",
            arguments: [time, did]
        )
    }
}
