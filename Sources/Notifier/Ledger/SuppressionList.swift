public import ATProtocol
internal import GRDB
public import LedgerStorage
public import Network

/// The accounts that nobody writes to.
public struct SuppressionList: Sendable {
    let database: LedgerDatabase

    /// Suppresses an account and calls off everything that waits for it; returns how many messages that were.
    @discardableResult
    public func suppress(_ did: DID, reason: Reason, note: String = "", now: UnixTime) async throws(LedgerError) -> Int
    {
        var applied: Applied = try await suppress(did, reason, note: note, now: now)
        var count = applied.outcomes.count
        while applied.isUnfinished {
            applied = try await database.transaction(at: now) { transaction in
                transaction.applied.isUnfinished = try transaction.callOffNext()
                return transaction.applied
            }
            count += applied.outcomes.count
        }
        return count
    }

    /// The same for a first batch of what waits, with the results; the rest follows later.
    func suppress(_ did: DID, _ reason: Reason, note: String = "", now: UnixTime) async throws(LedgerError) -> Applied {
        try await database.transaction(at: now) { transaction in
            try transaction.suppress(did, reason, note: note)
            return transaction.applied
        }
    }

    /// Removes an account from the list, if it is there for this reason, or for any when nil; returns whether it was.
    @discardableResult
    public func lift(_ did: DID, ifReason reason: Reason? = nil) async throws(LedgerError) -> Bool {
        try await database.write { try LedgerTransaction($0).lift(did, ifReason: reason) }
    }

    /// All suppressed accounts, the latest first.
    public func all() async throws(LedgerError) -> [Suppression] {
        try await database.read { database in
            try database.rows("SELECT * FROM suppression ORDER BY added_at DESC, did").map { row in
                Suppression(
                    did: try DID(row.get("did")),
                    reason: row.reason("reason") ?? .operatorDecision,
                    note: try row.get("note"),
                    addedAt: try row.get("added_at")
                )
            }
        }
    }

    /// Whether an account is on the list.
    public func contains(_ did: DID) async throws(LedgerError) -> Bool {
        try await database.read { try LedgerTransaction($0).isSuppressed(did) }
    }
}
