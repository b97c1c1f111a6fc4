internal import ATProtocol
internal import Network

/// Whether the sender may go on: what failures that are no job's fault have to say about it.
///
/// No I/O, no clock.
///
/// A rate limit holds the sender and not the job; a defect that only a human can mend pauses it and keeps the queue;
/// failures of the way in a row slow everything down, so that an outage does not eat up each job's patience.
///
/// What is held against one method only its own success takes back: a service that opens conversations all day and
/// refuses every message is none that works.
struct SendBreaker: Sendable {
    /// What is held against one method.
    private struct Record {
        var failures = 0
        /// Whose messages failed.
        var owners: Set<DID> = []
        var limits = 0
        var limitedSince: UnixTime?
        var isLimitReported = false
        var occurrences: [Reason: Int] = [:]
    }

    /// A server's limit: the one hold that neither a restart nor a session that works again takes back.
    struct Limit: Sendable, Equatable {
        var phase: CallPhase
        var reason: Reason
        var until: UnixTime
        /// How often in a row the chat service has limited it.
        var repetitions: Int
    }

    private(set) var status = PipelineStatus.Sender.open
    /// The last limit; nil when none was met since a success.
    private(set) var limit: Limit?
    private let configuration: SendingConfiguration
    private var records: [CallPhase: Record] = [:]

    /// Failures in a row from which the way and not the job is to blame.
    static let failuresBeforeHold = 3
    /// The longest that a PDS is believed about its own limit.
    static let maximumPDSWait = Duration.seconds(900)
    /// Being limited for so long is worth an operator's attention.
    static let limitReport = Duration.seconds(6 * 3600)

    init(_ configuration: SendingConfiguration) { self.configuration = configuration }

    /// A call succeeded; a message that was sent proves the whole way.
    mutating func succeeded(_ phase: CallPhase) {
        status = .open
        if phase == .sendMessage { records = [:] } else { records[phase] = nil }
        if phase == .sendMessage || phase == limit?.phase { limit = nil }
    }

    /// Takes note of a failure.
    ///
    /// - Parameters:
    ///   - phase: what was being done.
    ///   - failure: what came of it.
    ///   - owner: whom it was about; nil when it was about nobody, or everybody. What fails with one of them alone may be
    ///     theirs alone, and the others do not wait for it.
    ///   - now: the time.
    /// - Returns: what is to be done, escalated when the same has happened too often in a row.
    mutating func failed(_ phase: CallPhase, _ failure: CallFailure, of owner: DID? = nil, now: UnixTime) -> Verdict {
        var record = records[phase] ?? Record()
        defer { records[phase] = record }
        if let owner { record.owners.insert(owner) }
        var verdict = classify(phase, failure)
        let isEverybodys = owner == nil || record.owners.count > 1 || !verdict.reason.mayBeOneRecipients
        if let escalation = verdict.escalation, escalation.isSenderWide {
            record.occurrences[verdict.reason, default: 0] += 1
            let escalated = verdict.escalated(occurrences: record.occurrences[verdict.reason, default: 0])
            if isEverybodys {
                verdict = escalated
            } else if escalated != verdict {
                verdict.followUp = .checkWay
            }
        }
        if let rest = verdict.hold {
            let until = now + length(of: rest, failure, limits: record.limits, now: now)
            hold(until: until, verdict.reason)
            guard case .time = rest else {
                if rest == .chatLimit { record.limits += 1 }
                if record.limitedSince == nil { record.limitedSince = now }
                limit = Limit(phase: phase, reason: verdict.reason, until: until, repetitions: record.limits)
                return verdict
            }
        }
        switch verdict.action {
        case .pause: pause(verdict.reason, failure, now: now)
        case .retry, .verify, .refresh:
            guard !verdict.isOfJobAlone else { break }
            record.failures += 1
            if verdict.hold == nil, isEverybodys, record.failures >= Self.failuresBeforeHold {
                hold(until: now + backoff(record.failures - Self.failuresBeforeHold), verdict.reason)
            }
        case .defer, .drop, .skip:
            // The service answered: the way is good.
            record.failures = 0
        }
        return verdict
    }

    /// Lets everything wait for an operator, or for a probe that succeeds.
    mutating func pause(_ reason: Reason, _ failure: CallFailure, now: UnixTime) {
        status = .paused(
            reason: reason,
            detail: String(failure.description.prefix(300)),
            probeAt: now + configuration.probeInterval
        )
    }

    /// Forgets pauses, and holds but a limit's: the session works again, which says nothing of a limit.
    mutating func reopen() {
        status = .open
        records = [:]
        if let limit { restore(limit) }
    }

    /// Goes on under a limit that was met before.
    mutating func restore(_ limit: Limit) {
        self.limit = limit
        hold(until: limit.until, limit.reason)
        records[limit.phase, default: Record()].limits = limit.repetitions
    }

    /// Lets one call through after a hold; a success then forgets everything, a failure holds longer.
    mutating func reopenAfterHold() { status = .open }

    /// Whether an operator is needed.
    var isPaused: Bool {
        guard case .paused = status else { return false }
        return true
    }

    /// Whether an operator is needed for this.
    func isPaused(for reason: Reason) -> Bool {
        guard case .paused(reason, _, _) = status else { return false }
        return true
    }

    /// Keeps a pause that a probe did not end.
    mutating func stillPaused(now: UnixTime) {
        guard case .paused(let reason, let detail, _) = status else { return }
        status = .paused(reason: reason, detail: detail, probeAt: now + configuration.probeInterval)
    }

    /// Lets everything wait.
    mutating func hold(until time: UnixTime, _ reason: Reason) { status = .held(reason: reason, until: time) }

    /// Whether it has been limited so long that the operator should know; true once.
    mutating func reportsLimit(now: UnixTime) -> Bool {
        for (phase, record) in records {
            guard let since = record.limitedSince, now - since >= Self.limitReport, !record.isLimitReported else {
                continue
            }
            records[phase]?.isLimitReported = true
            return true
        }
        return false
    }

    /// The wait before something that failed so often is tried again.
    func backoff(_ attempts: Int) -> Duration {
        configuration.firstWait.doubled(attempts, atMost: configuration.maximumWait)
    }

    // `ratelimit-reset` is the PDS's and in seconds since the epoch; it says nothing about the chat service.
    private func length(of rest: Verdict.Hold, _ failure: CallFailure, limits: Int, now: UnixTime) -> Duration {
        var headers = HTTPHeaders()
        if case .answer(let error) = failure { headers = error.headers }
        let asked = headers["retry-after"].flatMap { RetryAfter.wait($0, now: now) }
        switch rest {
        case .time(let time): return time
        case .pdsLimit:
            let reset = headers["ratelimit-reset"].flatMap(Double.init).map { UnixTime(seconds: $0) - now }
            return min(Self.maximumPDSWait, max(.seconds(1), asked ?? reset ?? configuration.firstLimitWait))
        case .chatLimit:
            let doubled = configuration.firstLimitWait.doubled(limits, atMost: configuration.maximumLimitWait)
            return max(doubled, min(asked ?? .zero, Self.maximumPDSWait))
        }
    }
}
