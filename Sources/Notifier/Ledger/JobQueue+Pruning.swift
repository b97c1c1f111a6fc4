internal import GRDB
internal import LedgerStorage
internal import Network

extension JobQueue {
    /// The most confirmations that are remembered; the oldest are forgotten first.
    private static let maximumConfirmations = 100_000

    /// Forgets a batch of what was finished before a time; it is old enough that no stream can replay it.
    ///
    /// - Returns: how many rows were forgotten; 0 when there are no more.
    func prune(before time: UnixTime) async throws(LedgerError) -> Int {
        try await write(at: time) { transaction in
            let count = try transaction.pruneRequests()
            guard count == 0 else { return count }
            // Rows are forgotten after those that refer to them, so that no batch visits a remaining row twice.
            try transaction.pruneTallies(before: time.day)
            for (table, key, condition) in [
                (
                    "message", "id",
                    "created_at < \(time) AND NOT EXISTS (SELECT 1 FROM job WHERE job.message = message.id)"
                ),
                ("sighting", "id", "seen_at < \(time) AND NOT EXISTS (SELECT 1 FROM request WHERE uri = sighting.uri)"),
                (
                    "conversation", "owner",
                    "opened_at < \(time) AND NOT EXISTS (SELECT 1 FROM message WHERE owner = conversation.owner)"
                ),
                (
                    "recipient", "did",
                    "ask_at IS NULL AND asked_at < \(time) AND NOT EXISTS (SELECT 1 FROM job WHERE owner = did)"
                ),
                ("gap", "id", "closed_at < \(time)"),
                ("answer", "round, author, collection", "round NOT IN (SELECT id FROM round)"),
                ("writer", "collection, author", "seen_at < \(time)"),
                ("opening", "id", "sent_at < \(time)"),
                ("burst", "author", "at < \(time)"),
                ("heard", "owner", "at < \(time)"),
                ("project", "owner, uri", "seen_at < \(time) AND coalesce(muted_until, 0) < \(time)"),
                ("revoked", "uri", "at < \(time)"),
                (
                    "confirmation", "reference",
                    "at < (SELECT at FROM confirmation ORDER BY at DESC LIMIT 1 OFFSET \(Self.maximumConfirmations))"
                ),
            ] as [(String, String, SQL)] {
                let deleted = try transaction.deleteSome(from: table, by: key, where: condition)
                guard deleted == 0 else { return deleted }
            }
            return 0
        }
    }
}

extension LedgerTransaction {
    /// Deletes a batch of a table's rows, found by their key; returns how many.
    func deleteSome(from table: String, by key: String, where condition: SQL) throws -> Int {
        let key: SQL = "\(sql: key)"
        let rows: SQL = "SELECT \(key) FROM \(sql: table) WHERE \(condition) LIMIT \(Self.rows)"
        try database.run("DELETE FROM \(sql: table) WHERE (\(key)) IN (\(rows))")
        return database.changesCount
    }

    /// Forgets requests with nothing open and nothing seen lately, with their jobs, attempts and sightings.
    fileprivate func pruneRequests() throws -> Int {
        let before = database.totalChangesCount
        var count: Int { database.totalChangesCount - before }
        let unseen: SQL = "NOT EXISTS (SELECT 1 FROM sighting WHERE uri = request.uri AND seen_at >= \(now))"
        // A clock that was behind dates rows too early. The stream's time does not depend on it.
        let written: SQL = "request.witnessed < \(now.microseconds)"
        let ends = [JobState.delivered, .dropped]
        let jobs = ends.map { end -> SQL in
            """
            SELECT DISTINCT request.id AS id, uri FROM job AS ended CROSS JOIN request ON request.id = ended.request
            WHERE ended.state = \(end) AND ended.updated_at < \(now) AND request.updated_at < \(now)
                AND \(written)
                AND request.state <> \(RequestMachine.State.lookup) AND NOT EXISTS (SELECT 1 FROM job
                    WHERE request = request.id AND (updated_at >= \(now) OR state NOT IN \(ends))) AND \(unseen)
            """
        }
        let requests = [RequestMachine.State.resolved, .dropped].map { end -> SQL in
            "SELECT id, uri FROM request WHERE state = \(end) AND is_shown AND updated_at < \(now) AND \(written) AND \(unseen)"
        }
        for finished in jobs + requests where count < Self.rows {
            for request in try database.rows("\(finished) LIMIT \(Self.batch)") where count < Self.rows {
                let (id, uri): (Int64, String) = try (request.get("id"), request.get("uri"))
                let attempts: SQL = "SELECT id FROM attempt WHERE request = \(id) LIMIT \(Self.rows)"
                try database.run("DELETE FROM attempt WHERE id IN (\(attempts))")
                // The rest of a long story follows in the next transaction.
                guard count < Self.rows else { return count }
                try database.run("DELETE FROM sighting WHERE uri = \(uri)")
                try database.run("DELETE FROM request WHERE id = \(id)")
            }
        }
        return count
    }
}
