internal import GRDB
internal import LedgerStorage
internal import Network

/// How far the correction of waiting rows has come.
enum WaitPlace: Sendable, Equatable {
    /// At rows that are found by their date.
    case dated
    /// At jobs of a state that are due unusually late, in the order of their due times, after one of them.
    case late(JobState, due: UnixTime, after: Int64)
}

// The machine's clock may be wrong, and may be set while rows wait. It must neither prolong a wait beyond its longest
// nor end anything for good (invariant 12).
extension JobQueue {
    /// Corrects a batch of rows: those that wait too long, and those that were due before the clock was set back.
    ///
    /// - Parameters:
    ///   - place: how far it has come.
    ///   - before: the time by the clock before it was set; nil when nobody set it.
    ///   - now: the time.
    /// - Returns: where the next batch begins; nil after the last one.
    /// - Throws: ``LedgerError``.
    func correctWaits(
        _ place: WaitPlace = .dated,
        before: UnixTime?,
        now: UnixTime
    ) async throws(LedgerError) -> WaitPlace? {
        try await write(at: now) { transaction -> WaitPlace? in
            guard case .late(let state, let due, let last) = place else {
                return try transaction.correctDated(before: before) ? .dated : transaction.late(JobState.corrected[0])
            }
            return try transaction.shorten(state, due: due, after: last)
        }
    }

    /// Rows whose age counts: messages sent within the longest window, for the limits, and since when jobs fail or are
    /// queued.
    enum Dated: CaseIterable {
        case messages, openings, failures, queued

        fileprivate var place: (table: String, column: String) {
            switch self {
            case .messages: ("message", "sent_at")
            case .openings: ("opening", "sent_at")
            case .failures: ("request", "failing_since")
            case .queued: ("job", "queued_at")
            }
        }

        fileprivate func begin(before time: UnixTime) -> UnixTime {
            switch self {
            case .messages: time - DigestPace.weekly.window
            case .openings: time - .seconds(86_400)
            case .failures, .queued: UnixTime(microseconds: 0)
            }
        }
    }

    /// A row by its date, before or after correction.
    struct DatedPlace: Sendable {
        fileprivate let date: UnixTime
        fileprivate let id: Int64
    }

    /// Moves a batch of dates by the length of a step of the clock, so that each row keeps its age.
    ///
    /// - Parameters:
    ///   - dated: which rows.
    ///   - before: the time by the clock before it was set; later dates are left alone.
    ///   - length: how far the clock was set, negative for back.
    ///   - last: the last row of the batch before; nil for the first batch.
    ///   - now: the time.
    /// - Returns: the last row of this batch; nil when there are no more.
    /// - Throws: ``LedgerError``.
    func correct(
        _ dated: Dated,
        before: UnixTime,
        by length: Duration,
        after last: DatedPlace? = nil,
        now: UnixTime
    ) async throws(LedgerError) -> DatedPlace? {
        try await write(at: now) { transaction in
            let (table, name) = dated.place
            let (column, begin) = ("\(sql: name)" as SQL, dated.begin(before: before))
            // In the direction in which a corrected row is not met again.
            let isLater = length > .zero
            let place = last ?? DatedPlace(date: isLater ? before : begin, id: .max)
            let rest: SQL =
                isLater
                ? "\(column) > \(begin) AND (\(column), id) < (\(place.date), \(place.id)) ORDER BY \(column) DESC, id DESC"
                : "(\(column), id) > (\(place.date), \(place.id)) AND \(column) <= \(before) ORDER BY \(column), id"
            let rows = try transaction.database.rows(
                "SELECT id, \(column) AS date FROM \(sql: table) WHERE \(rest) LIMIT \(LedgerTransaction.rows)"
            )
            for row in rows {
                let id: Int64 = try row.get("id")
                try transaction.database.run(
                    "UPDATE \(sql: table) SET \(column) = \(column) + \(length) WHERE id = \(id)"
                )
            }
            return try rows.last.map { DatedPlace(date: try $0.get("date"), id: try $0.get("id")) }
        }
    }
}

extension LedgerTransaction {
    /// Corrects a batch of rows that are found by their date; returns whether there may be more.
    fileprivate func correctDated(before: UnixTime?) throws -> Bool {
        let changes = database.totalChangesCount
        var isChanged: Bool { database.totalChangesCount > changes }
        // These wait until they are settled, or for their turn; no row says since when.
        let waiting: SQL = "state IN \([MessageMachine.State.queued, .verify])"
        if let before { try setDue("message", now, "\(waiting) AND \(due(before: before))") }
        try setDue("message", now + timetable.settle, "\(waiting) AND due_at > \(now + timetable.tries)")
        if !isChanged { try correctRequests(before: before) }
        for state in JobState.corrected where !isChanged {
            let (usual, exempt) = timetable.longest(in: state)
            let longest: SQL = "CASE WHEN reason IN \(exempt) THEN \(timetable.expiry) ELSE \(usual) END"
            if let before { try setDue("job", now, "state = \(state) AND \(due(before: before))", end: end) }
            try setDue("job", own(longest), "state = \(state) AND \(writtenLater)", end: "\(end), updated_at = \(now)")
        }
        // A date in the future comes from a clock that was ahead: it becomes the present.
        for dated in [JobQueue.Dated.failures, .queued] {
            let (table, column) = dated.place
            try database.run(
                """
                UPDATE \(sql: table) SET \(sql: column) = \(now) WHERE id IN
                    (SELECT id FROM \(sql: table) WHERE \(sql: column) > \(now) LIMIT \(Self.batch))
                """
            )
        }
        if !isChanged { try correctSubscribers() }
        if !isChanged { try hastenQuestions(atMost: Self.batch) }
        return isChanged
    }

    // A row with a turn is due, whatever its date.
    private func correctRequests(before: UnixTime?) throws {
        let (lookup, longest) = (RequestMachine.State.lookup, max(timetable.lookup.longest, Verdict.longestWait))
        let waits: SQL = "state = \(lookup) AND turn IS NULL"
        if let before { try setDue("request", now, "\(waits) AND \(due(before: before))", end: end) }
        let written: SQL = "state = \(lookup) AND is_shown AND \(writtenLater)"
        try setDue("request", own("\(longest)"), written, end: "\(end), updated_at = \(now)")
        try setDue("request", now + longest, "\(waits) AND due_at > \(now + longest)", end: end)
    }

    /// Sets the due time of a batch of rows.
    private func setDue(_ table: String, _ due: SQL, _ rows: SQL, end: SQL = "") throws {
        try database.run(
            """
            UPDATE \(sql: table) SET due_at = \(due)\(end)
            WHERE id IN (SELECT id FROM \(sql: table) WHERE \(rows) LIMIT \(Self.batch))
            """
        )
    }

    private func setDue(_ table: String, _ due: UnixTime, _ rows: SQL, end: SQL = "") throws {
        try setDue(table, "\(due)" as SQL, rows, end: end)
    }

    private func due(before time: UnixTime) -> SQL { "due_at > \(now) AND due_at <= \(time)" }

    /// Rows that were written in the future, by a clock that was ahead: they keep the length of their wait.
    private var writtenLater: SQL { "updated_at > \(now) AND +due_at > \(now)" }

    private func own(_ longest: SQL) -> SQL { "\(now) + min(\(longest), due_at - updated_at)" }

    /// Limits the wait for the recipient to the longest allowed from now on.
    private var end: SQL { ", wait_until = min(wait_until, \(now + timetable.expiry))" }

    /// The place of the first job of a state that is due unusually late.
    fileprivate func late(_ state: JobState) -> WaitPlace {
        .late(state, due: now + min(timetable.longest(in: state).usual, timetable.expiry), after: .max)
    }

    /// Sets the due time of the next jobs to the latest allowed, where it is later.
    fileprivate func shorten(_ state: JobState, due: UnixTime, after last: Int64) throws -> WaitPlace? {
        let (usual, exempt) = timetable.longest(in: state)
        let rows = try database.rows(
            """
            SELECT id, due_at, reason FROM job WHERE state = \(state) AND (due_at, id) > (\(due), \(last))
            ORDER BY due_at, id LIMIT \(Self.rows)
            """
        )
        for row in rows {
            let isExempt = row.reason("reason").map { exempt.contains($0) } == true
            let latest = now + (isExempt ? timetable.expiry : usual)
            guard try (row.get("due_at") as UnixTime) > latest else { continue }
            let id: Int64 = try row.get("id")
            try database.run("UPDATE job SET due_at = \(latest)\(end) WHERE id = \(id)")
        }
        if rows.count == Self.rows, let row = rows.last {
            return .late(state, due: try row.get("due_at"), after: try row.get("id"))
        }
        let next = JobState.corrected.drop { $0 != state }.dropFirst().first
        return next.map(late)
    }
}

extension JobState {
    /// The states in which a job waits for its own due time.
    fileprivate static let corrected = [queued, deferred, posting]
}

extension Timetable {
    /// The longest wait between two tries.
    fileprivate var tries: Duration { max(sending.longest, settle, Verdict.longestWait) }

    /// The longest wait of a job in a state, and the reasons that may wait until their end.
    ///
    /// Many jobs may wait for one limit, one window after the other; a job that waits for a follow is due when that
    /// wait ends.
    fileprivate func longest(in state: JobState) -> (usual: Duration, exempt: [Reason]) {
        state == .queued ? (tries, Reason.awaiting(.limit)) : (max(setting, tries), Reason.awaiting(.follow))
    }
}
