public import ATProtocol
internal import GRDB
public import LedgerStorage
public import Network

/// Whom nobody writes to.
public struct SuppressionList: Sendable {
    let database: LedgerDatabase

    /// Puts an account on the list and calls off everything that waits for it; how many messages that were.
    ///
    /// An account that is on the list already keeps the stronger reason: what an owner stopped with a word they may
    /// start with a word, but a block or an operator's decision only an operator lifts.
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

    /// Does the same for a batch of what waits, and tells what became of it; the rest follows.
    func suppress(_ did: DID, _ reason: Reason, note: String = "", now: UnixTime) async throws(LedgerError) -> Applied {
        try await database.transaction(at: now) { transaction in
            try transaction.suppress(did, reason, note: note)
            return transaction.applied
        }
    }

    /// Takes an account off the list, when it is there for this reason or whatever for; whether it was on it.
    @discardableResult
    public func lift(_ did: DID, ifReason reason: Reason? = nil) async throws(LedgerError) -> Bool {
        try await database.write {
            try LedgerTransaction($0, Timetable(), now: .distantPast).lift(did, ifReason: reason)
        }
    }

    /// Everybody on the list, the latest first.
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
        try await database.read { try LedgerTransaction($0, Timetable(), now: .distantPast).isSuppressed(did) }
    }
}
