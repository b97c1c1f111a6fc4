internal import ATProtocol
internal import Firehose
internal import FoundationEssentials
internal import GRDB

extension Ledger {
    /// Microseconds by which the clocks of two hosts may differ.
    private static let clockDifference: Int64 = 120_000_000

    /// Stores what a batch of the stream means, and its position, in one transaction (invariant 1).
    func store(_ batch: StreamBatch, _ items: [IntakeItem], now: Double) async throws(LedgerError) -> IntakeResult {
        try await write { database in
            var result = IntakeResult()
            for item in items {
                switch item {
                case .request(let request): try database.take(request, now: now, into: &result)
                case .deleted(let event, let uri):
                    guard try database.see(event, uri: uri, onlyIfKnown: true, now: now) else { continue }
                    try database.withdraw(
                        "uri = ?",
                        [uri.text],
                        .recordDeleted,
                        rev: event.rev,
                        now: now,
                        into: &result
                    )
                case .authorInactive(let did, let witnessed):
                    // A host that is behind tells of it again when the author may long be back and have written anew.
                    try database.withdraw(
                        "author = ? AND witnessed <= ?",
                        [did.text, witnessed + Self.clockDifference],
                        .authorInactive,
                        now: now,
                        into: &result
                    )
                case .authorBurst(let did):
                    try database.withdraw("author = ?", [did.text], .authorBurst, now: now, into: &result)
                }
            }
            for rejected in batch.rejected { try database.quarantine(rejected, now: now) }
            if let gap = batch.gap { try database.declare(gap, at: now) }
            if let number = batch.closedGap { try database.close(number, at: now) }
            if let position = batch.position { try database.save(position, at: now) }
            return result
        }
    }
}

extension Ledger {
    /// Puts the version that was proven in the place of the one that the stream told, unless the job was called off or
    /// replaced meanwhile.
    ///
    /// - Returns: what became of it; nil when nothing did.
    func replace(_ job: Job, with request: NewRequest, now: Double) async throws(LedgerError) -> IntakeResult? {
        try await write { database in
            try database.execute(
                sql: "DELETE FROM job WHERE id = ? AND state = 'lookup' AND rev = ?",
                arguments: [job.id, job.rev]
            )
            guard database.changesCount > 0 else { return nil }
            var result = IntakeResult()
            _ = try database.see(request.event, uri: request.uri, onlyIfKnown: false, now: now)
            try database.insert(request, now: now, into: &result)
            return result
        }
    }
}

extension StreamEvent {
    fileprivate var rev: String? {
        guard case .commit(let commit) = body else { return nil }
        return commit.rev
    }
}

extension Database {
    fileprivate func take(_ request: NewRequest, now: Double, into result: inout IntakeResult) throws {
        let rows = try Row.fetchAll(
            self,
            sql: "SELECT id, state, reason, rev, cid FROM job WHERE uri = ?",
            arguments: [request.uri.text]
        )
        _ = try see(request.event, uri: request.uri, onlyIfKnown: !request.startsJob, now: now)
        guard !rows.isEmpty else {
            if request.startsJob { try insert(request, now: now, into: &result) }
            return
        }
        for row in rows {
            let verdict = Succession.decide(
                state: try row.state(),
                reason: row.reason("reason"),
                rev: row["rev"],
                newRev: request.commit.rev,
                cid: row["cid"],
                newCID: request.commit.cid
            )
            switch verdict {
            case .duplicate, .late: result.duplicates += 1
            case .replace:
                try execute(sql: "DELETE FROM job WHERE id = ?", arguments: [row["id"] as Int64])
                result.changed.append(.init(uri: request.uri, rule: request.rule, reason: .recordReplaced, detail: nil))
                try insert(request, now: now, into: &result)
            }
        }
    }

    fileprivate func insert(_ request: NewRequest, now: Double, into result: inout IntakeResult) throws {
        var reference: (text: String, cid: String?) = ("", nil)
        var refusal: Refusal?
        switch request.judgement {
        case .success(.record(let uri, let cid)): reference = (uri.text, cid)
        case .success(.account(let did)): reference = (did.text, nil)
        case .failure(let cause): refusal = cause
        }
        // Nobody is told of it; enough is kept for an operator who wants it told after all.
        let record = refusal == nil ? request.record : request.record.abridged(characters: 200, bytes: 1024)
        try execute(
            sql: """
                INSERT OR IGNORE INTO job (uri, author, rule, cid, rev, reference, reference_cid, record, witnessed,
                    state, reason, detail, due_at, created_at, updated_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                request.uri.text, request.event.did.text, request.rule, request.commit.cid, request.commit.rev,
                reference.text, reference.cid, record.encodedText, request.event.position.witnessed,
                (refusal == nil ? JobState.lookup : .dropped).rawValue, refusal?.reason.rawValue, refusal?.detail,
                now, now, now,
            ]
        )
        result.added.append(
            .init(uri: request.uri, rule: request.rule, reason: refusal?.reason, detail: refusal?.detail)
        )
    }

    /// Notes where and when an event was seen; whether it was noted.
    fileprivate func see(_ event: StreamEvent, uri: ATURI, onlyIfKnown: Bool, now: Double) throws -> Bool {
        guard case .commit(let commit) = event.body else { return false }
        if onlyIfKnown {
            let isKnown = try Bool.fetchOne(
                self,
                sql: "SELECT EXISTS (SELECT 1 FROM job WHERE uri = ?)",
                arguments: [uri.text]
            )
            guard isKnown == true else { return false }
        }
        try execute(
            sql: """
                INSERT INTO sighting (uri, operation, cid, rev, host, wire, position, witnessed, seen_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                uri.text, commit.operation.rawValue, commit.cid, commit.rev, event.position.host,
                event.position.wire.rawValue, event.position.value, event.position.witnessed, now,
            ]
        )
        return true
    }

    /// Calls messages off: at once what is not written down as a message yet, later what may be under way.
    ///
    /// The condition is on `job`; rows of later revisions than the event's are left alone.
    func withdraw(
        _ condition: String,
        _ arguments: StatementArguments,
        _ reason: Reason,
        rev: String? = nil,
        now: Double,
        into result: inout IntakeResult
    ) throws {
        let rows = try Row.fetchAll(
            self,
            sql: """
                SELECT id, uri, rule, rev, state, delivery FROM job
                WHERE \(condition) AND state IN ('lookup', 'queued', 'deferred', 'sending', 'verify')
                """,
            arguments: arguments
        )
        for row in rows {
            if let rev, rev.utf8.lexicographicallyPrecedes((row["rev"] as String).utf8) { continue }
            let id: Int64 = row["id"]
            var machine = DeliveryMachine(state: try row.state())
            _ = machine.handle(.withdrawn(reason))
            try execute(
                sql: """
                    UPDATE job SET state = ?, reason = coalesce(?, reason), withdrawal = ?, rev = max(rev, ?),
                        updated_at = ? WHERE id = ?
                    """,
                arguments: [
                    machine.state.rawValue, machine.reason?.rawValue, machine.withdrawal?.rawValue, rev ?? "", now, id,
                ]
            )
            if machine.state == .dropped {
                result.changed.append(
                    .init(uri: try ATURI(row["uri"]), rule: row["rule"], reason: reason, detail: nil)
                )
            }
            if let delivery = row["delivery"] as Int64? { try withdrawDelivery(delivery, reason) }
        }
    }

    // A message that speaks of several requests is withdrawn when all of them are.
    private func withdrawDelivery(_ delivery: Int64, _ reason: Reason) throws {
        try execute(
            sql: """
                UPDATE delivery SET withdrawal = ? WHERE id = ? AND state IN ('sending', 'verify')
                    AND NOT EXISTS (SELECT 1 FROM job WHERE delivery = ? AND withdrawal IS NULL)
                """,
            arguments: [reason.rawValue, delivery, delivery]
        )
    }

    fileprivate func quarantine(_ message: RejectedMessage, now: Double) throws {
        try execute(
            sql: """
                INSERT INTO quarantine (host, wire, position, reason, detail, bytes, noticed_at)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                message.host, message.wire.rawValue, message.value, message.reason.rawValue, message.detail,
                Data(message.bytes), now,
            ]
        )
        // The last thousand are enough to see what a host does wrong.
        try execute(sql: "DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - 1000")
    }
}
