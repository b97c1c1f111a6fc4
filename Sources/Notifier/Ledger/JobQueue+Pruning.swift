internal import GRDB

extension JobQueue {
    /// Forgets a batch of what was finished before a time; what no stream can replay any more needs no memory.
    ///
    /// - Returns: how many rows were forgotten; 0 when there are no more.
    func prune(before time: Double) async throws(LedgerError) -> Int {
        try await write(at: time) { transaction in
            let count = try transaction.pruneRequests()
            guard count == 0 else { return count }
            // Each kind when those are gone that speak of it, so that no batch looks at what stays more than once.
            for rows in [
                "message WHERE created_at < ?1 AND NOT EXISTS (SELECT 1 FROM job WHERE job.message = message.id)",
                "sighting WHERE seen_at < ?1 AND NOT EXISTS (SELECT 1 FROM request WHERE request.uri = sighting.uri)",
                "conversation WHERE opened_at < ?1 AND NOT EXISTS (SELECT 1 FROM message WHERE owner = conversation.owner)",
                "recipient WHERE ask_at IS NULL AND asked_at < ?1 AND NOT EXISTS (SELECT 1 FROM job WHERE owner = did)",
                "gap WHERE closed_at < ?1",
            ] {
                let count = try transaction.prune(rows)
                guard count == 0 else { return count }
            }
            return 0
        }
    }
}

extension LedgerTransaction {
    /// Forgets requests of which nothing is open and nothing was seen lately, with their jobs, attempts and sightings.
    fileprivate func pruneRequests() throws -> Int {
        let before = database.totalChangesCount
        let unseen = "NOT EXISTS (SELECT 1 FROM sighting WHERE uri = request.uri AND seen_at >= ?1)"
        let jobs = """
            SELECT DISTINCT request.id AS id, uri FROM job AS ended CROSS JOIN request ON request.id = ended.request
            WHERE ended.state = ?2 AND ended.updated_at < ?1 AND request.updated_at < ?1 AND request.state <> ?3
                AND NOT EXISTS (SELECT 1 FROM job WHERE request = request.id
                    AND (updated_at >= ?1 OR state NOT IN (?4, ?5))) AND \(unseen) LIMIT ?6
            """
        let requests = """
            SELECT id, uri FROM request WHERE state = ?2 AND is_shown AND updated_at < ?1 AND \(unseen) LIMIT ?3
            """
        let ends = [JobState.delivered.rawValue, JobState.dropped.rawValue]
        let open = RequestMachine.State.lookup.rawValue
        for end in ends { try prune(jobs, [now, end, open] + StatementArguments(ends) + [Self.batch], since: before) }
        for end in [RequestMachine.State.resolved, .dropped] {
            try prune(requests, [now, end.rawValue, Self.batch], since: before)
        }
        return database.totalChangesCount - before
    }

    private func prune(_ requests: String, _ arguments: StatementArguments, since before: Int) throws {
        guard database.totalChangesCount - before < Self.rows else { return }
        for request in try Row.fetchAll(database, sql: requests, arguments: arguments)
        where database.totalChangesCount - before < Self.rows {
            try database.execute(sql: "DELETE FROM sighting WHERE uri = ?", arguments: [request["uri"] as String])
            try database.execute(sql: "DELETE FROM request WHERE id = ?", arguments: [request["id"] as Int64])
        }
    }

    fileprivate func prune(_ rows: String) throws -> Int {
        let key = rows.hasPrefix("recipient") ? "did" : "id"
        let table = rows.prefix { $0 != " " }
        try database.execute(
            sql: "DELETE FROM \(table) WHERE \(key) IN (SELECT \(key) FROM \(rows) LIMIT ?2)",
            arguments: [now, Self.rows]
        )
        return database.changesCount
    }
}
