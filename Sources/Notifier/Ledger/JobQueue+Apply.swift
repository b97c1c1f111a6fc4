internal import ATProtocol
internal import GRDB
internal import LedgerStorage
internal import Network

/// The results of the events of a transaction.
struct Applied: Sendable {
    /// The new outcomes of requests and jobs, for the log, the metrics and the outputs.
    var outcomes: [Outcome] = []
    /// Recipients who were suppressed, why, and how many of their jobs were called off.
    var suppressed: [(recipient: DID, reason: Reason, calledOff: Int)] = []
    /// Whether a request is to be looked up anew.
    var hasReopened = false
    /// Whether more must be called off, in further transactions.
    var isUnfinished = false
    /// What the sender must do with the message, now that its state is stored.
    var actions: [MessageMachine.Action] = []
}

// The only code that writes a state. It reads the row, asks the machine, writes what the machine says, and returns what
// to report. Everything that happens to a request, a job or a message comes through here as an event.
extension LedgerTransaction {
    /// Applies an event to a request and, as its machine says, to its jobs.
    ///
    /// - Returns: whether anything changed.
    @discardableResult
    func apply(_ event: RequestMachine.Event, toRequest id: Int64, _ note: Attempt? = nil) throws -> Bool {
        guard let (row, before) = try request(id) else { return false }
        var machine = before
        guard let actions = machine.handle(event) else { return false }
        for action in actions {
            switch action {
            case .takeBackJobs:
                // Jobs for which no message was stored.
                let states = [JobState.queued, .deferred, .uncertain]
                try database.run("DELETE FROM job WHERE request = \(id) AND state IN \(states) AND NOT is_in_doubt")
            case .callOffJobs(let reason):
                let jobs: [Int64] = try database.values(
                    "SELECT id FROM job WHERE request = \(id) AND state IN \(JobState.open)"
                )
                for job in jobs { try apply(.calledOff(reason), toJob: job) }
            }
        }
        var (attempts, wait, waitUntil, isNewVersion) = try (
            0, Duration.zero, row.get("wait_until") as UnixTime?, false
        )
        switch event {
        case .failed(let verdict, _):
            attempts = try row.get("attempts")
            wait = timetable.wait(ofLookupAfter: verdict, attempts: attempts)
            attempts += 1
        case .updated:
            (waitUntil, isNewVersion) = (nil, true)
            try forgetOldAttempts(of: id)
        case .retried: waitUntil = nil
        default: break
        }
        let isOpen = machine.state == .lookup
        if isOpen, machine.reason?.waits == .account { waitUntil = waitUntil ?? now + timetable.expiry }
        // A request that is called off after its recipients were found is shown by its jobs.
        let isShown = try isOpen || machine.state == .dropped && (row.get("is_shown") || isNewVersion)
        if let note { try add(note, to: id, again: isOpen ? wait : nil) }
        try database.run(
            """
            UPDATE request SET state = \(machine.state), is_shown = \(isShown), reason = \(machine.reason),
                detail = \(note?.detail), attempts = \(attempts), due_at = \(now + wait), turn = NULL,
                failing_since = CASE WHEN \(attempts) > 0 THEN coalesce(failing_since, \(now)) END,
                wait_until = \(waitUntil), updated_at = \(now) WHERE id = \(id)
            """
        )
        if isOpen, before.state != .lookup { applied.hasReopened = true }
        if machine.state == .dropped, before.state == .lookup {
            try count(machine.reason, rule: row.get("rule"), ATURI(row.get("uri")))
        }
        if isShown {
            let state = isOpen ? JobState.lookup(waitingFor: machine.reason) : .dropped
            try report(row, nil, state, machine.reason, note?.detail, nextIn: isOpen ? wait : nil)
        }
        return true
    }

    /// Applies an event to a job and, as its machine says, to its request, message and recipient.
    ///
    /// - Returns: whether anything changed.
    @discardableResult
    func apply(
        _ event: JobMachine.Event,
        toJob id: Int64,
        _ note: Attempt? = nil,
        of message: Int64? = nil,
        sends: Int? = nil,
        wait: Duration = .zero
    ) throws -> Bool {
        guard let (row, before) = try jobRow(id) else { return false }
        var machine = before
        guard let actions = machine.handle(event) else { return false }
        let (owner, request): (DID, Int64) = try (DID(row.get("owner")), row.get("request"))
        var (wait, attempts, dueAt) = (wait, 0, UnixTime?.none)
        switch event {
        case .failed(let verdict):
            attempts = try row.get("attempts")
            wait = max(wait, timetable.wait(of: machine, after: verdict, attempts: attempts))
            attempts += 1
        // A post interrupts a wait, which goes on after it with the same due time.
        case .mentionBegun, .postFailed: dueAt = try row.get("due_at")
        default: break
        }
        let isOver = machine.state.isFinal
        if let note { try add(note, to: request, owner: owner, message: message, again: isOver ? nil : wait) }
        var waitUntil: UnixTime?
        if machine.state == .deferred || machine.state == .posting {
            waitUntil =
                try row.get("wait_until") as UnixTime? ?? row.get("request_wait_until") as UnixTime? ?? now
                + timetable.expiry
        }
        if machine.state == .deferred, machine != before, let reason = machine.reason, let waitUntil {
            // The recipient's row says when to ask about the follow, however many jobs wait for it.
            let next = now + (before.state == .posting ? timetable.wait(for: reason) : wait)
            if reason.waits == .follow { try awaitFollow(of: owner, reason, at: next) }
            dueAt = reason.waits == .follow ? waitUntil : min(dueAt ?? next, waitUntil)
        }
        let keepsMessage = machine.isInDoubt || machine.state == .delivered
        let isTakenBack = actions.contains { $0.takesBack }
        let isQueued = [JobState.queued, .sending, .verify].contains(machine.state)
        // The row of a job that is taken back is deleted below.
        if !isTakenBack {
            try database.run(
                """
                UPDATE job SET state = \(machine.state), reason = \(machine.reason), detail = \(note?.detail),
                    withdrawal = \(machine.withdrawal), is_in_doubt = \(machine.isInDoubt), attempts = \(attempts),
                    due_at = \(dueAt ?? now + wait), turn = NULL, wait_until = \(waitUntil),
                    sends = coalesce(\(sends), sends),
                    queued_at = CASE WHEN \(isQueued) THEN coalesce(queued_at, \(now)) END,
                    message = CASE WHEN \(keepsMessage) THEN message END, updated_at = \(now) WHERE id = \(id)
                """
            )
        }
        if let waitUntil, try (row.get("request_wait_until") as UnixTime?) == nil {
            try database.run("UPDATE request SET wait_until = \(waitUntil) WHERE id = \(request)")
        }
        for action in actions {
            if action.takesBack { try database.run("DELETE FROM job WHERE id = \(id)") }
            switch action {
            case .reopenRequest(let reason): try apply(.reopened(reason), toRequest: request)
            case .retryRequest, .reviveRequest: try apply(.retried, toRequest: request)
            case .retryMessage:
                if let message: Int64 = try row.get("message") { try apply(.retried, toMessage: message) }
            case .suppressRecipient(let reason): try suppress(owner, reason)
            }
        }
        if machine.state != before.state, isOver, !isTakenBack {
            let outcome = machine.state == .delivered ? RuleTally.toldOutcome : machine.reason?.rawValue
            if let outcome { try count(outcome, rule: row.get("rule"), ATURI(row.get("uri"))) }
        }
        let isNews = machine.state != before.state || machine.reason != before.reason || note?.detail != nil
        if isNews, !isTakenBack {
            let nextIn = isOver || machine.state == .sending ? nil : wait
            try report(row, owner, machine.state, machine.reason, note?.detail, nextIn: nextIn)
        }
        return true
    }

    /// Applies an event to a message, and the result to its jobs, which may end differently.
    func apply(
        _ event: MessageMachine.Event,
        toMessage id: Int64,
        _ note: Attempt? = nil,
        sent: SentMessage? = nil,
        wait: Duration = .zero
    ) throws {
        guard let row = try message(id) else { return }
        var machine = row.machine
        guard let actions = machine.handle(event) else { return }
        applied.actions += actions
        let isTriedAgain = machine.state == .queued || machine.state == .verify && row.machine.state == .verify
        // Sending an answer does not change how often it was tried.
        let isTaken = row.machine.state == .queued && machine.state == .sending
        let attempts = isTriedAgain ? row.attempts + 1 : isTaken ? row.attempts : 0
        try database.run(
            """
            UPDATE message SET state = \(machine.state), reason = \(machine.reason), sends = \(machine.sends),
                maximum_sends = \(machine.maximumSends), attempts = \(attempts),
                due_at = \(now + wait), sent_at = CASE WHEN \(machine.state == .sending) THEN \(now) ELSE sent_at END,
                message_id = coalesce(\(sent?.id), message_id), message_rev = coalesce(\(sent?.rev), message_rev)
            WHERE id = \(id)
            """
        )
        var event = JobMachine.Event.message(machine.state, machine.reason)
        for action in actions {
            switch action {
            case .release(let verdict): event = .failed(verdict)
            case .disband: event = .disproved
            case .send, .suppressRecipient: break
            }
        }
        for member in row.members {
            try apply(event, toJob: member.job, note, of: id, sends: machine.sends, wait: wait)
        }
        for case .suppressRecipient(let reason) in actions { try suppress(row.owner, reason) }
        // For an answer, the messages before the answered one may not have been read.
        if let sent, !row.kind.isAnswer { try know(sent.id, as: row.owner, in: row.conversation) }
        if ![.queued, .sending, .verify].contains(machine.state) { try resumeQueue(of: row.owner) }
    }

    private func report(
        _ row: Row,
        _ owner: DID?,
        _ state: JobState,
        _ reason: Reason?,
        _ detail: String?,
        nextIn: Duration?
    ) throws {
        applied.outcomes.append(
            Outcome(
                uri: try ATURI(row.get("uri")),
                owner: owner,
                rule: try row.get("rule"),
                state: state,
                reason: reason,
                detail: detail,
                latency: try max(.zero, now - (row.get("seen_at") as UnixTime)),
                nextIn: nextIn
            )
        )
    }
}

extension JobMachine.Action {
    /// Whether the job becomes part of its request again.
    fileprivate var takesBack: Bool {
        if case .reopenRequest = self { return true }
        return self == .retryRequest
    }
}

extension JobState {
    /// The state that is shown for a request in look-up.
    static func lookup(waitingFor reason: Reason?) -> JobState { reason?.waits == .account ? .deferred : .lookup }
}
