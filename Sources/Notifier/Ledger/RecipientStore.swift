internal import ATProtocol
internal import GRDB

/// What is known about recipients: their conversation, and whether they follow the sender.
struct RecipientStore: Sendable {
    let database: LedgerDatabase

    /// Whether a recipient was seen to follow the sender since a time, in seconds since the Unix epoch; nil when nobody asked.
    func follows(_ did: DID, since time: Double) async throws(LedgerError) -> Bool? {
        try await database.read { database in
            try Bool.fetchOne(
                database,
                sql: "SELECT follows FROM recipient WHERE did = ? AND asked_at >= ?",
                arguments: [did.text, time]
            )
        }
    }

    /// Stores which of these follow the sender.
    func store(_ relationships: [DID: Bool], now: Double) async throws(LedgerError) {
        try await database.write { database in
            for (did, follows) in relationships {
                try database.execute(
                    sql: """
                        INSERT INTO recipient (did, follows, asked_at) VALUES (?, ?, ?)
                        ON CONFLICT DO UPDATE SET follows = excluded.follows, asked_at = excluded.asked_at
                        """,
                    arguments: [did.text, follows, now]
                )
            }
        }
    }
}
