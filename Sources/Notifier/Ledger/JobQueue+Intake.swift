internal import ATProtocol
internal import Firehose
internal import GRDB

extension JobQueue {
    /// Stores what a batch of the stream means, and its position, in one transaction (invariant 1).
    func store(_ batch: StreamBatch, _ items: [IntakeItem], now: Double) async throws(LedgerError) -> IntakeResult {
        try await write(at: now) { transaction in
            var result = IntakeResult()
            for item in items { try transaction.take(item, into: &result) }
            for rejected in batch.rejected { try transaction.quarantine(rejected) }
            if let gap = batch.gap { try transaction.declare(gap) }
            if let number = batch.closedGap { try transaction.close(number) }
            if let position = batch.position { try transaction.save(position) }
            return result
        }
    }

    /// Puts the version that was proven in the place of the one that the stream told, unless the request was called off or
    /// replaced meanwhile.
    func replace(_ job: Job, with request: NewRequest, now: Double) async throws(LedgerError) -> IntakeResult {
        try await write(at: now) { transaction in
            var result = IntakeResult()
            try transaction.replace(job, with: request, into: &result)
            return result
        }
    }
}

extension LedgerTransaction {
    /// Microseconds by which the clocks of two hosts may differ.
    private static let clockDifference: Int64 = 120_000_000

    func take(_ item: IntakeItem, into result: inout IntakeResult) throws {
        switch item {
        case .request(let request): try take(request, into: &result)
        case .deleted(let event, let uri): try delete(event, uri, into: &result)
        case .authorInactive(let did, let witnessed):
            // A host that is behind tells of it again when the author may long be back and have written anew.
            let limit = witnessed + Self.clockDifference
            try callOff(did, .author, .authorInactive, witnessedBefore: limit, into: &result.applied)
        case .authorBurst(let did): try callOff(did, .author, .authorBurst, into: &result.applied)
        }
    }

    private func take(_ request: NewRequest, into result: inout IntakeResult) throws {
        let known = try Row.fetchOne(
            database,
            sql: "SELECT id, rev, cid, reference FROM request WHERE uri = ?",
            arguments: [request.uri.text]
        )
        guard request.startsJob || known != nil else { return }
        try see(request.event, request.commit, of: request.uri)
        let version = Version(request)
        guard let known else { return try insert(request, version, into: &result) }
        let rev: String = known["rev"]
        let change: RequestMachine.Change =
            known["cid"] as String? == request.commit.cid
            ? .none : known["reference"] == version.reference ? .content : .reference
        // Older than what is known, or nothing new, or told of already.
        guard rev.utf8.lexicographicallyPrecedes(request.commit.rev.utf8),
            try update(known["id"], to: request, version, change, into: &result)
        else {
            result.duplicates += 1
            return
        }
    }

    /// Stores what was proven instead of what the stream told, content of the same version included.
    fileprivate func replace(_ job: Job, with request: NewRequest, into result: inout IntakeResult) throws {
        let isCurrent = try Bool.fetchOne(
            database,
            sql: "SELECT EXISTS (SELECT 1 FROM request WHERE id = ? AND rev = ? AND state = ?)",
            arguments: [job.request, job.rev, RequestMachine.State.lookup.rawValue]
        )
        guard isCurrent == true else { return }
        try see(request.event, request.commit, of: request.uri)
        _ = try update(job.request, to: request, Version(request), .content, into: &result)
    }

    /// Puts a version in the place of the one before; whether it is judged anew.
    private func update(
        _ id: Int64,
        to request: NewRequest,
        _ version: Version,
        _ change: RequestMachine.Change,
        into result: inout IntakeResult
    ) throws -> Bool {
        // What became of the version before is no news: the new one is.
        var silent = Applied()
        let isNews = try apply(.updated(refusal: version.refusal?.reason, change), toRequest: id, into: &silent)
        // What is dropped all the same takes it too: an operator may want it told, as it is now.
        try database.execute(
            sql: """
                UPDATE request SET rule = ?, cid = ?, rev = ?, reference = ?, reference_cid = ?, record = ?, witnessed = ?,
                    project_name = NULL, detail = CASE WHEN ?8 THEN ? ELSE detail END, due_at = ?,
                    created_at = CASE WHEN ?8 THEN ?10 ELSE created_at END WHERE id = ? AND (?8 OR state = ?)
                """,
            arguments: [
                request.rule, request.commit.cid, request.commit.rev, version.reference, version.referenceCID,
                version.record.encodedText, request.event.position.witnessed, isNews, version.refusal?.detail, now, id,
                RequestMachine.State.dropped.rawValue,
            ]
        )
        if isNews { result.added.append(version.added(request)) }
        return isNews
    }

    private func insert(_ request: NewRequest, _ version: Version, into result: inout IntakeResult) throws {
        let machine = RequestMachine(
            state: version.refusal == nil ? .lookup : .dropped,
            reason: version.refusal?.reason
        )
        try database.execute(
            sql: """
                INSERT INTO request (uri, author, rule, cid, rev, reference, reference_cid, record, witnessed, state, reason,
                    detail, due_at, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                request.uri.text, request.event.did.text, request.rule, request.commit.cid, request.commit.rev,
                version.reference, version.referenceCID, version.record.encodedText, request.event.position.witnessed,
                machine.state.rawValue, machine.reason?.rawValue, version.refusal?.detail, now, now, now,
            ]
        )
        result.added.append(version.added(request))
    }

    private func delete(_ event: StreamEvent, _ uri: ATURI, into result: inout IntakeResult) throws {
        guard case .commit(let commit) = event.body,
            let known = try Row.fetchOne(
                database,
                sql: "SELECT id, rev FROM request WHERE uri = ?",
                arguments: [uri.text]
            )
        else { return }
        try see(event, commit, of: uri)
        guard !commit.rev.utf8.lexicographicallyPrecedes((known["rev"] as String).utf8) else { return }
        try apply(.calledOff(.recordDeleted), toRequest: known["id"], into: &result.applied)
        try database.execute(
            sql: "UPDATE request SET rev = max(rev, ?) WHERE id = ?",
            arguments: [commit.rev, known["id"] as Int64]
        )
    }
}

/// A version of a change request as the columns of its row.
private struct Version {
    let reference: String
    let referenceCID: String?
    let refusal: Refusal?
    let record: JSONValue

    init(_ request: NewRequest) {
        reference = request.reference?.description ?? ""
        referenceCID = request.reference?.cid
        refusal = request.refusal
        // Nobody is told of what is refused; enough is kept for an operator who wants it told after all.
        record = refusal == nil ? request.record : request.record.abridged(characters: 200, bytes: 1024)
    }

    func added(_ request: NewRequest) -> IntakeResult.Added {
        .init(uri: request.uri, rule: request.rule, reason: refusal?.reason, detail: refusal?.detail)
    }
}
