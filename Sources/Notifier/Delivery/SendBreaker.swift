internal import ATProtocol
internal import Network

/// Decides whether the sender may go on, by failures that are no single job's fault.
///
/// No I/O, no clock.
///
/// - A rate limit holds the sender, not the job.
/// - A defect that only a human can repair pauses the sender and keeps the queue.
/// - When the service fails several times in a row, everything slows down, so that an outage does not use up each job's
///   tries.
///
/// Failures of one method are cleared only by that method's own success: a service that opens conversations all day but
/// refuses every message does not work.
struct SendBreaker: Sendable {
    /// The failures of one method.
    private struct Record {
        var failures = 0
        /// The owners whose messages failed.
        var owners: Set<DID> = []
        var limits = 0
        var limitedSince: UnixTime?
        var isLimitReported = false
        var occurrences: [Reason: Int] = [:]
    }

    /// A server's rate limit: the one hold that neither a restart nor a new session ends.
    struct Limit: Sendable, Equatable {
        var phase: CallPhase
        var reason: Reason
        var until: UnixTime
        /// How often in a row the chat service has limited it.
        var repetitions: Int
    }

    private(set) var status = PipelineStatus.Sender.open
    /// The last limit; nil when none was met since the last success.
    private(set) var limit: Limit?
    private let configuration: SendingConfiguration
    private var records: [CallPhase: Record] = [:]

    /// After so many failures in a row the service is at fault, and not the job.
    static let failuresBeforeHold = 3
    /// The longest time for which a PDS is believed about its own limit.
    static let maximumPDSWait = Duration.seconds(900)
    /// After being limited for so long, the operator is told.
    static let limitReport = Duration.seconds(6 * 3600)

    init(_ configuration: SendingConfiguration) { self.configuration = configuration }

    /// Notes that a call succeeded; a sent message proves that everything on its way works.
    mutating func succeeded(_ phase: CallPhase) {
        status = .open
        if phase == .sendMessage { records = [:] } else { records[phase] = nil }
        if phase == .sendMessage || phase == limit?.phase { limit = nil }
    }

    /// Notes a failure.
    ///
    /// - Parameters:
    ///   - phase: what was being done.
    ///   - failure: how it failed.
    ///   - owner: the only owner concerned; nil when it concerns nobody or everybody. A failure with one owner alone
    ///     does not make the others wait.
    ///   - now: the time.
    /// - Returns: what to do; escalated when the same has happened too often in a row.
    mutating func failed(_ phase: CallPhase, _ failure: CallError, of owner: DID? = nil, now: UnixTime) -> Verdict {
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
                hold(until: now + configuration.backoff(record.failures - Self.failuresBeforeHold), verdict.reason)
            }
        case .defer, .drop, .skip:
            // The service answered, so it can be reached.
            record.failures = 0
        }
        return verdict
    }

    /// Pauses everything until an operator has helped, or a probe succeeds.
    mutating func pause(_ reason: Reason, _ failure: CallError, now: UnixTime) {
        status = .paused(
            reason: reason,
            detail: String(failure.description.prefix(300)),
            probeAt: now + configuration.probeInterval
        )
    }

    /// Ends pauses, and holds other than a rate limit's: the session works again, which says nothing about a limit.
    mutating func reopen() {
        status = .open
        records = [:]
        if let limit { restore(limit) }
    }

    /// Takes over a limit that was met before a restart.
    mutating func restore(_ limit: Limit) {
        self.limit = limit
        hold(until: limit.until, limit.reason)
        records[limit.phase, default: Record()].limits = limit.repetitions
    }

    /// Lets one call through after a hold; a success clears everything, a failure holds longer.
    mutating func reopenAfterHold() { status = .open }

    /// Whether an operator is needed.
    var isPaused: Bool {
        guard case .paused = status else { return false }
        return true
    }

    /// Whether it is paused for this reason.
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

    /// Whether it has been limited for so long that the operator should know; true only once.
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

    // `ratelimit-reset` is the PDS's, in seconds since the epoch; it says nothing about the chat service.
    private func length(of rest: Verdict.Hold, _ failure: CallError, limits: Int, now: UnixTime) -> Duration {
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
