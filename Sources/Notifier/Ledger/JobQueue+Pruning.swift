internal import GRDB

extension JobQueue {
    /// Forgets a batch of what was finished before a time; what no stream can replay any more needs no memory.
    ///
    /// - Returns: how many rows were forgotten; 0 when there are no more.
    func prune(before time: Double) async throws(LedgerError) -> Int {
        try await write(at: time) { transaction in
            var count = 0
            // A request goes when nothing of it is open, and takes its jobs and attempts with it.
            for state in [RequestMachine.State.resolved, .dropped] {
                count += try transaction.prune(
                    """
                    request WHERE id IN (SELECT id FROM request WHERE state = ? AND updated_at < ?
                        AND NOT EXISTS (SELECT 1 FROM job WHERE request = request.id
                            AND (updated_at >= ?2 OR state NOT IN (?, ?))) LIMIT ?)
                    """,
                    [state.rawValue, time, JobState.delivered.rawValue, JobState.dropped.rawValue]
                )
            }
            count += try transaction.prune(
                """
                message WHERE id IN (SELECT id FROM message WHERE created_at < ?
                    AND NOT EXISTS (SELECT 1 FROM job WHERE job.message = message.id) LIMIT ?)
                """,
                [time]
            )
            count += try transaction.prune(
                """
                sighting WHERE id IN (SELECT id FROM sighting WHERE seen_at < ?
                    AND NOT EXISTS (SELECT 1 FROM request WHERE request.uri = sighting.uri) LIMIT ?)
                """,
                [time]
            )
            count += try transaction.prune("gap WHERE id IN (SELECT id FROM gap WHERE closed_at < ? LIMIT ?)", [time])
            return count
        }
    }
}

extension LedgerTransaction {
    fileprivate func prune(_ what: String, _ arguments: StatementArguments) throws -> Int {
        try database.execute(sql: "DELETE FROM \(what)", arguments: arguments + [Self.batch])
        return database.changesCount
    }
}
