internal import ATProtocol
internal import GRDB

/// What was sent when: limits and pace are reckoned by it.
struct DeliveryLog: Sendable {
    let database: LedgerDatabase

    /// When the last message was sent, in seconds since the Unix epoch.
    func lastSentAt() async throws(LedgerError) -> Double? {
        try await database.read { try Double.fetchOne($0, sql: "SELECT max(sent_at) FROM message") }
    }

    /// The log as one transaction sees it.
    struct Reading {
        let transaction: LedgerTransaction

        /// When the limit lets the next message through, in seconds since the Unix epoch; nil when it does so now.
        ///
        /// The message that must leave the window before another fits is the limit-th newest in it.
        func freeAt(_ column: String? = nil, _ did: DID? = nil, limit: Int, window: Double) throws -> Double? {
            let condition = column.map { "\($0) = ? AND" } ?? ""
            return try Double.fetchOne(
                transaction.database,
                sql: """
                    SELECT sent_at FROM message WHERE \(condition) sent_at > ? AND sends > 0
                    ORDER BY sent_at DESC LIMIT 1 OFFSET ?
                    """,
                arguments: StatementArguments(did.map { [$0.text] } ?? []) + [
                    transaction.now - window, max(0, limit - 1),
                ]
            ).map { $0 + window }
        }
    }
}
