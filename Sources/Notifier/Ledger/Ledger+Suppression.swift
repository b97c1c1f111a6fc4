public import ATProtocol
internal import GRDB

extension Ledger {
    /// Puts an account on the list and calls off everything that waits for it.
    ///
    /// An account that is on the list already keeps the stronger reason: what an owner stopped with a word they may
    /// start with a word, but a block or an operator's decision only an operator lifts.
    ///
    /// - Parameters:
    ///   - did: the account.
    ///   - reason: ``Reason/ownerBlocked``, ``Reason/ownerStopped`` or ``Reason/operatorDecision``.
    ///   - note: free text of the operator.
    ///   - now: seconds since the Unix epoch.
    /// - Returns: how many messages were called off.
    /// - Throws: ``LedgerError``.
    @discardableResult
    public func suppress(_ did: DID, reason: Reason, note: String = "", now: Double) async throws(LedgerError) -> Int {
        try await suppressAndCallOff(did, reason: reason, note: note, now: now).count
    }

    /// Does what ``suppress(_:reason:note:now:)`` does, and tells which change requests end with it.
    func suppressAndCallOff(
        _ did: DID,
        reason: Reason,
        note: String = "",
        now: Double
    ) async throws(LedgerError) -> [IntakeResult.Added] {
        try await write { database in
            try database.execute(
                sql: """
                    INSERT INTO suppression (did, reason, note, added_at) VALUES (?, ?, ?, ?)
                    ON CONFLICT DO UPDATE SET reason = excluded.reason, note = excluded.note
                        WHERE suppression.reason = 'owner-stopped'
                    """,
                arguments: [did.text, reason.rawValue, note, now]
            )
            var result = IntakeResult()
            try database.withdraw("owner = ?", [did.text], reason, now: now, into: &result)
            return result.changed
        }
    }

    /// Takes an account off the list.
    ///
    /// - Parameters:
    ///   - did: the account.
    ///   - reason: takes it off only when it is there for this reason; nil for any.
    /// - Returns: whether it was on it.
    /// - Throws: ``LedgerError``.
    @discardableResult
    public func liftSuppression(of did: DID, ifReason reason: Reason? = nil) async throws(LedgerError) -> Bool {
        try await write { database in
            try database.execute(
                sql: "DELETE FROM suppression WHERE did = ? AND reason = coalesce(?, reason)",
                arguments: [did.text, reason?.rawValue]
            )
            return database.changesCount > 0
        }
    }

    /// Everybody on the list, the latest first.
    ///
    /// - Throws: ``LedgerError``.
    public func suppressions() async throws(LedgerError) -> [Suppression] {
        try await read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM suppression ORDER BY added_at DESC, did").map { row in
                Suppression(
                    did: try DID(row["did"]),
                    reason: row.reason("reason") ?? .operatorDecision,
                    note: row["note"],
                    addedAt: row["added_at"]
                )
            }
        }
    }

    /// Whether an account is on the list.
    ///
    /// - Throws: ``LedgerError``.
    public func isSuppressed(_ did: DID) async throws(LedgerError) -> Bool {
        try await read { try $0.isSuppressed(did) }
    }

    func delivery(_ id: Int64) async throws(LedgerError) -> Delivery? { try await read { try $0.delivery(id) } }

    /// Whether a conversation was opened with this account: only its owner's words there count.
    func hasConversation(with did: DID) async throws(LedgerError) -> Bool {
        try await read { database in
            try Bool.fetchOne(
                database,
                sql: "SELECT EXISTS (SELECT 1 FROM conversation WHERE owner = ?)",
                arguments: [did.text]
            )
                ?? false
        }
    }

    func setting(_ name: String) async throws(LedgerError) -> String? {
        try await read {
            try String.fetchOne($0, sql: "SELECT value FROM setting WHERE name = ?", arguments: [name])
        }
    }

    func set(_ name: String, to value: String) async throws(LedgerError) {
        try await write { database in
            try database.execute(
                sql: "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                arguments: [name, value]
            )
        }
    }
}
