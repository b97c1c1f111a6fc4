public import ATProtocol
internal import GRDB

extension Ledger {
    /// Jobs, the latest first.
    ///
    /// - Parameters:
    ///   - state: only those of this state; nil for all.
    ///   - limit: at most so many.
    /// - Returns: the jobs.
    /// - Throws: ``LedgerError``.
    public func jobs(in state: JobState? = nil, limit: Int = 1000) async throws(LedgerError) -> [Job] {
        try await read { database in
            try Row.fetchAll(
                database,
                sql: "SELECT \(Job.columns) FROM job WHERE state = coalesce(?, state) ORDER BY id DESC LIMIT ?",
                arguments: [state?.rawValue, limit]
            ).map(Job.init(row:))
        }
    }

    /// The jobs of one change request.
    ///
    /// - Throws: ``LedgerError``.
    public func jobs(about uri: ATURI) async throws(LedgerError) -> [Job] {
        try await read { database in
            try Row.fetchAll(
                database,
                sql: "SELECT \(Job.columns) FROM job WHERE uri = ? ORDER BY id",
                arguments: [uri.text]
            ).map(Job.init(row:))
        }
    }
}
