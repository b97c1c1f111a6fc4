internal import ATProtocol
internal import Firehose
internal import GRDB
internal import LedgerStorage
internal import Network

extension JobQueue {
    /// Stores what a batch of the stream means, and its position, in one transaction (invariant 1).
    ///
    /// `beginning` corrects since when rules follow their collections.
    func store(
        _ batch: StreamBatch,
        _ items: [IntakeItem],
        beginning: (time: UnixTime, latest: UnixTime)? = nil,
        now: UnixTime
    ) async throws(LedgerError) -> IntakeResult {
        try await write(at: now) { transaction in
            var result = IntakeResult()
            for item in items { try transaction.take(item, into: &result) }
            for rejected in batch.rejected { try transaction.quarantine(rejected) }
            if let gap = batch.gap { try transaction.declare(gap) }
            if let step = batch.sweep { try transaction.take(step) }
            if let beginning { try transaction.lowerBeginnings(to: beginning.time, from: beginning.latest) }
            if let position = batch.position { try transaction.save(position) }
            result.applied = transaction.applied
            return result
        }
    }

    /// The latest bursts of authors.
    func bursts(atMost number: Int) async throws(LedgerError) -> [DID: Burst] {
        try await database.read { database in
            let rows = try database.rows("SELECT author, number, at FROM burst ORDER BY at DESC LIMIT \(number)")
            return try rows.reduce(into: [:]) { bursts, row in
                try bursts[DID(row.get("author"))] = Burst(number: row.get("number"), at: row.get("at"))
            }
        }
    }

    /// Replaces the version that the stream told by the version that was proven.
    ///
    /// Does nothing when the request was called off or replaced meanwhile.
    func replace(_ job: Job, with request: NewRequest, now: UnixTime) async throws(LedgerError) -> IntakeResult {
        try await write(at: now) { transaction in
            var result = IntakeResult()
            guard try transaction.isLookedUp(job.request, job.rev) else { return result }
            try transaction.see(request.event, request.commit, of: request.uri)
            try transaction.update(job.request, to: request, .content, into: &result)
            return result
        }
    }
}

extension LedgerTransaction {
    /// The most microseconds by which the clocks of two hosts may differ.
    private static let clockDifference: Int64 = 120_000_000
    /// Strangers may invent names within a namespace, so later ones are not noted.
    private static let maximumCollections = 1000

    func take(_ item: IntakeItem, into result: inout IntakeResult) throws {
        switch item {
        case .request(let request): try take(request, into: &result)
        case .deleted(let event, let uri): try delete(event, uri)
        case .authorInactive(let did, let witnessed):
            // A host that lags may repeat this long after the author has come back and written again.
            let limit = witnessed + Self.clockDifference
            try callOff(did, .author, .authorInactive, witnessedBefore: limit)
        case .authorBurst(let did, let burst):
            try callOff(did, .author, .authorBurst)
            try database.run(
                "INSERT OR REPLACE INTO burst (author, number, at) VALUES (\(did), \(burst.number), \(burst.at))"
            )
        case .repositoryReplaced(let did, let witnessed):
            // The network tells of many accounts; most have never written a request.
            guard try database.exists("SELECT 1 FROM request WHERE author = \(did)") else { return }
            try declare(replaced: did, at: witnessed)
        case .subscription(let uri, let isDeleted): try heed(subscription: uri, isDeleted: isDeleted)
        case .collaboration(let uri, let cid): try heed(collaboration: uri, cid: cid)
        }
    }

    private func take(_ request: NewRequest, into result: inout IntakeResult) throws {
        let known = try database.row("SELECT id, rev, cid, reference FROM request WHERE uri = \(request.uri)")
        guard request.startsJob || known != nil else { return }
        try see(request.event, request.commit, of: request.uri)
        guard let known else { return try insert(request, into: &result) }
        let (id, rev, cid): (Int64, String, String?) = try (known.get("id"), known.get("rev"), known.get("cid"))
        // A host that proves its commits itself has brought the same version.
        if !request.commit.awaitsProof, rev == request.commit.rev, cid == request.commit.cid {
            try database.run("UPDATE request SET awaits_proof = FALSE WHERE id = \(id) AND awaits_proof")
        }
        let isSameReference = try known.get("reference") == request.references.text
        let change: RequestMachine.Change =
            cid == request.commit.cid ? .none : isSameReference ? .content : .reference
        guard rev.utf8.lexicographicallyPrecedes(request.commit.rev.utf8) else { return }
        try update(id, to: request, change, into: &result)
    }

    /// Replaces the version of a request, which is judged anew unless nothing is new in it or it was told already.
    fileprivate func update(
        _ id: Int64,
        to request: NewRequest,
        _ change: RequestMachine.Change,
        into result: inout IntakeResult
    ) throws {
        // The end of the earlier version is not reported, because the new version is.
        let isNews = try silently { try apply(.updated(refusal: request.refusal?.reason, change), toRequest: id) }
        // A change of words does not end shadow mode for a request; a reference to another project does.
        let keepsShadow = change != .reference
        // A request that stays dropped takes the version, too: an operator may want it told as it is now.
        try database.run(
            """
            UPDATE request SET rule = \(request.rule), cid = \(request.commit.cid), rev = \(request.commit.rev),
                reference = \(request.references.text), authority = \(request.references.first?.authority),
                record = \(request.keptRecord.encodedText), witnessed = \(request.event.position.witnessed),
                project_name = NULL, detail = CASE WHEN \(isNews) THEN \(request.refusal?.detail) ELSE detail END,
                is_shadow = CASE WHEN \(isNews) THEN \(request.isShadow) OR is_shadow AND \(keepsShadow) ELSE is_shadow END,
                awaits_proof = \(request.commit.awaitsProof), due_at = \(now), created_at = CASE WHEN \(isNews) THEN \(now) ELSE created_at END
            WHERE id = \(id) AND (\(isNews) OR state = \(RequestMachine.State.dropped))
            """
        )
        guard isNews else { return }
        try note(request, id)
        count(RuleTally.matchedOutcome, rule: request.rule, request.uri)
        result.added.append(request)
    }

    private func insert(_ request: NewRequest, into result: inout IntakeResult) throws {
        let machine = RequestMachine(seen: request.refusal?.reason)
        try database.run(
            """
            INSERT INTO request (uri, author, rule, cid, rev, reference, authority, record, witnessed, state, reason, detail,
                is_shadow, awaits_proof, due_at, created_at, updated_at)
            VALUES (\(request.uri), \(request.event.did), \(request.rule), \(request.commit.cid), \(request.commit.rev),
                \(request.references.text), \(request.references.first?.authority), \(request.keptRecord.encodedText),
                \(request.event.position.witnessed), \(machine.state), \(machine.reason), \(request.refusal?.detail),
                \(request.isShadow), \(request.commit.awaitsProof), \(now), \(now), \(now))
            """
        )
        let id = database.lastInsertedRowID
        if request.refusal == nil {
            try database.run(
                """
                INSERT OR IGNORE INTO collection (name) SELECT \(request.commit.collection.text)
                WHERE (SELECT coalesce(max(id), 0) FROM collection) < \(Self.maximumCollections)
                """
            )
        }
        try database.run(
            """
            INSERT INTO writer (collection, author, seen_at)
            VALUES (\(request.commit.collection.text), \(request.event.did), \(now))
            ON CONFLICT DO UPDATE SET seen_at = excluded.seen_at
            """
        )
        try note(request, id)
        count(RuleTally.matchedOutcome, rule: request.rule, request.uri)
        count(request.refusal?.reason, rule: request.rule, request.uri)
        result.added.append(request)
    }

    /// What the history says when the author's PDS must prove a request.
    static let awaitsProof = "awaits proof"

    /// Notes in the history what is left out of a request, and what it needs first.
    private func note(_ request: NewRequest, _ id: Int64) throws {
        if let limit = request.aboveLimit { try add(Attempt(.input, limit), to: id, again: nil) }
        guard request.commit.awaitsProof, request.refusal == nil else { return }
        let cause = "its author's signing key could not be fetched: the author's PDS must prove the record"
        try add(Attempt(.proof, outcome: Self.awaitsProof, detail: cause), to: id, again: nil)
    }

    private func delete(_ event: StreamEvent, _ uri: ATURI) throws {
        guard case .commit(let commit) = event.body,
            let known = try database.row("SELECT id, rev FROM request WHERE uri = \(uri)")
        else { return }
        try see(event, commit, of: uri)
        let (id, rev): (Int64, String) = try (known.get("id"), known.get("rev"))
        guard !commit.rev.utf8.lexicographicallyPrecedes(rev.utf8) else { return }
        try apply(.calledOff(.recordDeleted), toRequest: id)
        try database.run("UPDATE request SET rev = max(rev, \(commit.rev)) WHERE id = \(id)")
    }

    /// Whether a request is still in look-up, in this version.
    func isLookedUp(_ id: Int64, _ rev: String) throws -> Bool {
        let state = RequestMachine.State.lookup
        return try database.exists("SELECT 1 FROM request WHERE id = \(id) AND rev = \(rev) AND state = \(state)")
    }
}

extension NewRequest {
    /// The record to store; a refused record is cut shorter, with enough left for an operator who wants it told after
    /// all.
    fileprivate var keptRecord: JSONValue {
        guard let refusal else { return record }
        // A record that was refused for its shape keeps all its members.
        return refusal.reason.meansDrift
            ? record.abridged(characters: 120, bytes: 2048) : record.abridged(characters: 200, bytes: 1024)
    }
}
