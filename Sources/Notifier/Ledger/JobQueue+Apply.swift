internal import ATProtocol
internal import GRDB

/// What an event came to.
struct Applied: Sendable {
    /// Where requests and jobs stand now, for the log, the metrics and the outputs.
    var outcomes: [Outcome] = []
    /// Recipients nobody writes to any more, why, and how many of their jobs were called off with it.
    var suppressed: [(recipient: DID, reason: Reason, calledOff: Int)] = []
    /// Whether a request is to be looked up anew.
    var hasReopened = false
    /// Whether more of the same is to be called off, in transactions of their own.
    var isUnfinished = false
    /// What the sender is to do with the message, now that its state is on disk.
    var actions: [MessageMachine.Action] = []
}

// The only code that writes a state: it reads the row, asks the machine, writes what the machine says and tells what is to be
// reported. Whatever happens to a request, a job or a message is an event that comes through here.
extension LedgerTransaction {
    /// Applies an event to a request and, as its machine says, to its jobs; whether it changed anything.
    @discardableResult
    func apply(
        _ event: RequestMachine.Event,
        toRequest id: Int64,
        _ note: Attempt? = nil,
        into result: inout Applied
    ) throws -> Bool {
        guard let row = try requestRow(id) else { return false }
        var machine = row.machine
        guard let actions = machine.handle(event) else { return false }
        for action in actions {
            switch action {
            case .takeBackJobs: try takeBackJobs(of: id)
            case .callOffJobs(let reason):
                for job in try openJobs(of: id) {
                    try apply(.calledOff(reason), toJob: job, into: &result)
                }
            }
        }
        var (attempts, wait, waitUntil) = (0, 0.0, row.waitUntil)
        switch event {
        case .failed(let verdict, _):
            attempts = row.attempts + 1
            wait = timetable.wait(ofLookupAfter: verdict, attempts: row.attempts)
        case .updated, .retried: waitUntil = nil
        default: break
        }
        if machine.state == .lookup, machine.reason?.waits == .account {
            waitUntil = waitUntil ?? now + timetable.expiry
        }
        // What is called off when its recipients were known is told of by its jobs.
        let isShown = machine.state == .lookup || machine.state == .dropped && (row.isShown || event.isNewVersion)
        let note = noted(note, again: machine.state == .lookup ? wait : nil)
        if let note { try add(note, to: id) }
        try database.execute(
            sql: """
                UPDATE request SET state = ?, is_shown = ?, reason = ?, detail = ?, attempts = ?, due_at = ?, turn = NULL,
                    wait_until = ?, updated_at = ? WHERE id = ?
                """,
            arguments: [
                machine.state.rawValue, isShown, machine.reason?.rawValue, note?.detail, attempts, now + wait,
                waitUntil, now,
                id,
            ]
        )
        if machine.state == .lookup, row.machine.state != .lookup { result.hasReopened = true }
        if isShown {
            let isOver = machine.state == .dropped
            result.outcomes.append(
                Outcome(
                    uri: row.uri,
                    owner: nil,
                    rule: row.rule,
                    state: isOver ? .dropped : .lookup(waitingFor: machine.reason),
                    reason: machine.reason,
                    detail: note?.detail,
                    latency: now - row.createdAt,
                    nextIn: isOver ? nil : wait
                )
            )
        }
        return true
    }

    /// Applies an event to a job and, as its machine says, to its request, message and recipient; whether it changed anything.
    @discardableResult
    func apply(
        _ event: JobMachine.Event,
        toJob id: Int64,
        _ note: Attempt? = nil,
        of message: Int64? = nil,
        detail: String? = nil,
        wait: Double = 0,
        into result: inout Applied
    ) throws -> Bool {
        guard let row = try jobRow(id) else { return false }
        var machine = row.machine
        guard let actions = machine.handle(event) else { return false }
        var (wait, attempts, dueAt) = (wait, 0, Double?.none)
        switch event {
        case .failed(let verdict):
            attempts = row.attempts + 1
            wait = max(wait, timetable.wait(of: machine, after: verdict, attempts: row.attempts))
        // A post comes in between; what was waited for before is waited for behind it.
        case .mentionBegun, .postFailed: dueAt = row.dueAt
        default: break
        }
        let isOver = machine.state.isFinal
        let note = noted(note, again: isOver ? nil : wait)
        if let note { try add(note, to: row.request, owner: row.owner, message: message) }
        let detail = note?.detail ?? detail
        let isWaiting = machine.state == .deferred || machine.state == .posting
        let waitUntil = isWaiting ? row.waitUntil ?? row.requestWaitUntil ?? now + timetable.expiry : nil
        if machine.state == .deferred, machine != row.machine, let reason = machine.reason, let waitUntil {
            // One row says when its recipient is asked after, however much waits for them.
            let isPosted = row.machine.state == .posting
            let next = now + (isPosted ? timetable.wait(for: reason) : wait)
            if reason.waits == .follow { try awaitFollow(of: row.owner, reason, at: next) }
            dueAt = reason.waits == .follow ? waitUntil : min(dueAt ?? next, waitUntil)
        }
        let keepsMessage = machine.isInDoubt || machine.state == .delivered
        let isTakenBack = actions.contains { $0.takesBack }
        // What is taken back ends with the row.
        if !isTakenBack {
            try database.execute(
                sql: """
                    UPDATE job SET state = ?, reason = ?, detail = ?, withdrawal = ?, is_in_doubt = ?, attempts = ?, due_at = ?,
                        turn = NULL, wait_until = ?, message = CASE WHEN ? THEN message END, updated_at = ? WHERE id = ?
                    """,
                arguments: [
                    machine.state.rawValue, machine.reason?.rawValue, detail, machine.withdrawal?.rawValue,
                    machine.isInDoubt, attempts, dueAt ?? now + wait, waitUntil, keepsMessage, now, id,
                ]
            )
        }
        if let waitUntil, row.requestWaitUntil == nil {
            try database.execute(
                sql: "UPDATE request SET wait_until = ? WHERE id = ?",
                arguments: [waitUntil, row.request]
            )
        }
        for action in actions {
            switch action {
            case .reopenRequest(let reason):
                try takeBack(id)
                try apply(.reopened(reason), toRequest: row.request, into: &result)
            case .retryRequest:
                try takeBack(id)
                try apply(.retried, toRequest: row.request, into: &result)
            case .reviveRequest: try apply(.retried, toRequest: row.request, into: &result)
            case .retryMessage:
                if let message = row.message { try apply(.retried, toMessage: message, into: &result) }
            case .suppressRecipient(let reason): try suppress(row.owner, reason, into: &result)
            }
        }
        let isNews = machine.state != row.machine.state || machine.reason != row.machine.reason || detail != nil
        if isNews, !isTakenBack {
            result.outcomes.append(
                row.outcome(machine, detail, now: now, nextIn: isOver || machine.state == .sending ? nil : wait)
            )
        }
        return true
    }

    /// Applies an event to a message and what it decides to its jobs, which may end differently.
    func apply(
        _ event: MessageMachine.Event,
        toMessage id: Int64,
        _ note: Attempt? = nil,
        sent: SentMessage? = nil,
        wait: Double = 0,
        into result: inout Applied
    ) throws {
        guard let row = try message(id) else { return }
        var machine = row.machine
        guard let actions = machine.handle(event) else { return }
        result.actions += actions
        let isReadAgain = machine.state == .verify && row.machine.state == .verify
        try database.execute(
            sql: """
                UPDATE message SET state = ?, reason = ?, sends = ?, maximum_sends = ?, attempts = ?, due_at = ?,
                    sent_at = CASE WHEN ? THEN ? ELSE sent_at END, message_id = coalesce(?, message_id),
                    message_rev = coalesce(?, message_rev) WHERE id = ?
                """,
            arguments: [
                machine.state.rawValue, machine.reason?.rawValue, machine.sends, machine.maximumSends,
                isReadAgain ? row.attempts + 1 : 0, now + wait, machine.state == .sending, now, sent?.id, sent?.rev, id,
            ]
        )
        var event = JobMachine.Event.message(machine.state, machine.reason)
        for action in actions {
            switch action {
            case .release(let verdict): event = .failed(verdict)
            case .disband: event = .disproved
            case .send, .suppressRecipient: break
            }
        }
        try database.execute(
            sql: "UPDATE job SET sends = ?1 WHERE message = ?2 AND sends <> ?1",
            arguments: [machine.sends, id]
        )
        for member in row.members {
            try apply(event, toJob: member.job, note, of: id, wait: wait, into: &result)
        }
        for case .suppressRecipient(let reason) in actions { try suppress(row.owner, reason, into: &result) }
        if machine.state != .sending, machine.state != .verify { try endDoubt(of: row.owner) }
    }

    private func noted(_ note: Attempt?, again wait: Double?) -> Attempt? {
        var note = note
        note?.nextAt = wait.map { now + $0 }
        return note
    }

    private func takeBack(_ job: Int64) throws {
        try database.execute(sql: "DELETE FROM job WHERE id = ?", arguments: [job])
    }
}

extension JobMachine.Action {
    /// Whether the job goes back into its request.
    fileprivate var takesBack: Bool {
        switch self {
        case .reopenRequest, .retryRequest: true
        case .reviveRequest, .retryMessage, .suppressRecipient: false
        }
    }
}

extension RequestMachine.Event {
    fileprivate var isNewVersion: Bool {
        guard case .updated = self else { return false }
        return true
    }
}

extension JobState {
    /// How a request that is looked up is shown.
    static func lookup(waitingFor reason: Reason?) -> JobState { reason?.waits == .account ? .deferred : .lookup }
}

extension JobRow {
    fileprivate func outcome(_ machine: JobMachine, _ detail: String?, now: Double, nextIn: Double?) -> Outcome {
        Outcome(
            uri: uri,
            owner: owner,
            rule: rule,
            state: machine.state,
            reason: machine.reason,
            detail: detail,
            latency: now - createdAt,
            nextIn: nextIn
        )
    }
}
