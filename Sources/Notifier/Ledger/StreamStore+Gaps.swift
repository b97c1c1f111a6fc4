package import ATProtocol
package import Backfill
package import Firehose
internal import GRDB
package import LedgerStorage
package import Network

extension StreamStore: GapStore {
    package func openGaps() async throws(LedgerError) -> [OpenGap] { try await openGaps(atMost: .max) }

    /// The oldest gaps that must still be swept.
    package func openGaps(atMost limit: Int) async throws(LedgerError) -> [OpenGap] {
        try await database.read { database in
            try database.rows("SELECT * FROM gap WHERE closed_at IS NULL ORDER BY id LIMIT \(limit)").map { row in
                OpenGap(
                    id: try row.get("id"),
                    gap: try StreamGap(row),
                    sweptAt: try row.get("swept_at"),
                    tried: .seconds(try row.get("tried") as Double),
                    wait: try SweepWait(row)
                )
            }
        }
    }

    /// The gaps that were closed although somebody never answered, or not completely; oldest first.
    package func givenUpGaps() async throws(LedgerError) -> [GivenUpGap] {
        try await database.read { database in
            try database.rows(
                """
                SELECT * FROM gap WHERE closed_at IS NOT NULL AND outcome = \(GapOutcome.givenUp)
                    AND unanswered IS NOT NULL ORDER BY id
                """
            ).map { row in
                GivenUpGap(
                    gap: try StreamGap(row),
                    closedAt: try row.get("closed_at"),
                    unanswered: try row.get("unanswered")
                )
            }
        }
    }

    /// How many gaps must still be swept, and how many were given up since a time; each among the last thousand.
    package func gapCounts(since time: UnixTime) async throws(LedgerError) -> (open: Int, givenUp: Int) {
        try await database.read { database in
            let open: Int? = try database.value(
                "SELECT count(*) FROM (SELECT 1 FROM gap WHERE closed_at IS NULL LIMIT 1000)"
            )
            let givenUp: Int? = try database.value(
                """
                SELECT count(*) FROM (SELECT outcome FROM gap WHERE closed_at >= \(time) ORDER BY closed_at DESC LIMIT 1000)
                WHERE outcome = \(GapOutcome.givenUp)
                """
            )
            return (open ?? 0, givenUp ?? 0)
        }
    }

    /// Declares a gap that the stream itself did not notice.
    package func declare(_ gap: StreamGap, at now: UnixTime) async throws(LedgerError) {
        try await database.transaction(at: now) { try $0.declare(gap) }
    }

    package func knows(_ uri: ATURI) async throws(LedgerError) -> Bool {
        try await database.read { database in
            try database.exists(
                "SELECT 1 FROM sighting WHERE uri = \(uri) UNION ALL SELECT 1 FROM request WHERE uri = \(uri)"
            )
        }
    }

    /// The most requests of an author in one state that a sweep compares with their present version.
    private static let maximumWaiting = 200

    /// An author's requests in a collection whose recipients are not all told yet, the newest first.
    ///
    /// Only the last ones of each state, because strangers decide how many there are.
    package func waiting(of pair: SweepPair) async throws(LedgerError) -> [WaitingRequest] {
        try await database.read { database in
            let last: SQL = "ORDER BY turn DESC, id DESC LIMIT \(Self.maximumWaiting)"
            let (author, lookup) = (pair.author, RequestMachine.State.lookup)
            var lists: [SQL] = ["SELECT id FROM request WHERE author = \(author) AND state = \(lookup) \(last)"]
            for state in JobState.allCases where !state.isFinal {
                lists.append("SELECT request FROM job WHERE author = \(author) AND state = \(state) \(last)")
            }
            let ids = lists.map { list -> SQL in "SELECT * FROM (\(list))" }.joined(separator: " UNION ")
            let place = "at://\(author)/\(pair.collection)/"
            return try database.rows(
                """
                SELECT uri, cid, rev FROM request WHERE id IN (\(ids)) AND substr(uri, 1, \(place.utf8.count)) = \(place)
                ORDER BY id DESC
                """
            ).map { row in
                WaitingRequest(uri: try ATURI(row.get("uri")), cid: try row.get("cid"), rev: try row.get("rev"))
            }
        }
    }

    /// The most authors that are asked because the ledger knows them; strangers decide how many there are.
    private static let maximumWriters = 20_000

    /// The collections in which requests were seen, who wrote to them, and since when rules follow them.
    ///
    /// Of too many authors, those with the latest requests are kept.
    package func sweepKnowledge() async throws(LedgerError) -> SweepKnowledge {
        try await database.read { database in
            var knowledge = SweepKnowledge()
            let names: [String] = try database.values("SELECT name FROM collection ORDER BY id")
            knowledge.collections = names.compactMap { try? NSID($0) }
            let writers = try database.rows(
                "SELECT collection, author FROM writer ORDER BY seen_at DESC LIMIT \(Self.maximumWriters)"
            )
            for row in writers {
                guard let collection = try? NSID(row.get("collection")), let author = try? DID(row.get("author")) else {
                    continue
                }
                knowledge.authors[collection, default: []].append(author)
            }
            for row in try database.rows("SELECT pattern, min(since) AS since FROM followed GROUP BY pattern") {
                guard let pattern = try? CollectionPattern(row.get("pattern")) else { continue }
                knowledge.beginnings[pattern] = try row.get("since")
            }
            return knowledge
        }
    }

    package func round() async throws(LedgerError) -> SweepRound? {
        try await database.read { database in
            try database.row("SELECT * FROM round ORDER BY id DESC LIMIT 1").map(SweepRound.init)
        }
    }

    package func beginRound(
        upTo gap: OpenGap.ID,
        window: ClosedRange<Int64>,
        at now: UnixTime
    ) async throws(LedgerError) -> SweepRound {
        try await database.write { database in
            try database.run("DELETE FROM round")
            try database.run(
                """
                INSERT INTO round (gap, from_witnessed, until_witnessed, started_at)
                VALUES (\(gap), \(window.lowerBound), \(window.upperBound), \(now))
                """
            )
            return SweepRound(id: database.lastInsertedRowID, gap: gap, window: window)
        }
    }

    package func answered(in round: SweepRound.ID) async throws(LedgerError) -> Set<SweepPair> {
        try await database.read { database in
            let rows = try database.rows("SELECT author, collection FROM answer WHERE round = \(round)")
            return try Set(rows.map { try SweepPair(DID($0.get("author")), NSID($0.get("collection"))) })
        }
    }

    package func note(_ wait: SweepWait, waited: [OpenGap.ID: Duration]) async throws(LedgerError) {
        try await database.write { database in
            for (gap, time) in waited {
                try database.run(
                    """
                    UPDATE gap SET tried = tried + \(time), unanswered = \(wait.unanswered),
                        next_at = \(wait.nextAt), patience = \(wait.patience)
                    WHERE closed_at IS NULL AND id = \(gap)
                    """
                )
            }
        }
    }
}

/// How a gap was closed.
private enum GapOutcome: String {
    /// Another host was read over it.
    case covered
    /// Everybody was asked and answered.
    case swept
    /// Somebody never answered, or not completely.
    case givenUp = "given-up"
}

extension StreamGap {
    fileprivate init(_ row: Row) throws {
        self.init(
            host: try row.get("host"),
            wire: StreamWire(rawValue: try row.get("wire")),
            from: try row.get("from_witnessed"),
            until: try row.get("until_witnessed"),
            reason: StreamGap.Reason(rawValue: try row.get("reason"))
        )
    }
}

extension SweepWait {
    fileprivate init?(_ row: Row) throws {
        let (next, patience): (UnixTime?, Double?) = try (row.get("next_at"), row.get("patience"))
        guard let unanswered = try row.get("unanswered") as String?, let next, let patience else { return nil }
        self.init(unanswered: unanswered, nextAt: next, patience: .seconds(patience))
    }
}

extension SweepRound {
    fileprivate init(_ row: Row) throws {
        let (from, until): (Int64, Int64) = try (row.get("from_witnessed"), row.get("until_witnessed"))
        self.init(id: try row.get("id"), gap: try row.get("gap"), window: from...max(from, until))
    }
}

extension LedgerTransaction {
    func declare(_ gap: StreamGap) throws {
        try database.run(
            """
            INSERT INTO gap (host, wire, from_witnessed, until_witnessed, reason, noticed_at)
            VALUES (\(gap.host), \(gap.wire), \(gap.from), \(gap.until), \(gap.reason), \(now))
            """
        )
    }

    /// Declares that a repository may have records that no commit told of.
    ///
    /// An account has one such gap, which grows and is then swept anew.
    func declare(replaced did: DID, at witnessed: Int64) throws {
        let (from, until) = (min(witnessed, now.microseconds), max(witnessed, now.microseconds))
        let reason = StreamGap.Reason.repositoryReplaced
        let open: SQL = "closed_at IS NULL AND reason = \(reason) AND host = \(did)"
        guard try database.exists("SELECT 1 FROM gap WHERE \(open)") else {
            return try declare(StreamGap(host: did.text, wire: .relay, from: from, until: until, reason: reason))
        }
        try database.run(
            "UPDATE gap SET until_witnessed = max(until_witnessed, \(until)), swept_at = NULL WHERE \(open)"
        )
    }

    /// Stores the result of a sweep, after the events that it found.
    func take(_ step: SweepStep) throws {
        switch step {
        case .covered(let gap): try close(gap, .covered)
        case .givenUp(let gap): try close(gap, .givenUp)
        case .answered(let pair, let round):
            try database.run(
                """
                INSERT OR IGNORE INTO answer (round, author, collection)
                SELECT id, \(pair.author), \(pair.collection.text) FROM round WHERE id = \(round)
                """
            )
        case .ended(let round, let settled, let settling): try end(round, settled, settling)
        }
    }

    private func close(_ gap: OpenGap.ID, _ outcome: GapOutcome) throws {
        try database.run("UPDATE gap SET closed_at = \(now), outcome = \(outcome) WHERE id = \(gap)")
    }

    private func end(_ round: SweepRound.ID, _ settled: [OpenGap.ID], _ settling: Duration) throws {
        guard let row = try database.row("SELECT gap, started_at FROM round WHERE id = \(round)") else { return }
        let (gap, start): (Int64, UnixTime) = try (row.get("gap"), row.get("started_at"))
        let open: SQL = "closed_at IS NULL AND id <= \(gap)"
        // An operator's gap is swept at once. A first sweep in the future was dated by a wrong clock.
        let isSettled: SQL = """
            reason = \(StreamGap.Reason.operatorRequest) OR swept_at <= \(start - settling) OR swept_at > \(now)
                OR swept_at IS NOT NULL AND id IN \(settled)
            """
        try database.run(
            "UPDATE gap SET closed_at = \(now), outcome = \(GapOutcome.swept) WHERE \(open) AND (\(isSettled))"
        )
        try database.run("UPDATE gap SET swept_at = \(now), unanswered = NULL WHERE \(open) AND swept_at IS NULL")
        try database.run("DELETE FROM round WHERE id = \(round)")
    }
}
