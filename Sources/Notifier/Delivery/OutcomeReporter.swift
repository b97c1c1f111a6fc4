internal import ATProtocol
internal import Logging
internal import Metrics
internal import Network
internal import Synchronization

/// Reports what became of change requests: one log line, the metrics, the local outputs.
final class OutcomeReporter: Sendable {
    /// Counts since the start.
    struct Totals: Sendable, Equatable {
        var matched = 0
        var delivered = 0
        var lastDeliveredAt: UnixTime?
    }

    private let logger: Logger
    private let wallClock: any WallClock
    private let outputs: OutputDispatcher
    private let totals = Mutex(Totals())

    init(logger: Logger, wallClock: any WallClock, outputs: OutputDispatcher) {
        self.logger = logger
        self.wallClock = wallClock
        self.outputs = outputs
    }

    var sinceStart: Totals { totals.withLock { $0 } }

    /// A change request matched a rule.
    func matched(_ uri: ATURI, rule: String) {
        totals.withLock { $0.matched += 1 }
        NotifierMetrics.matches(rule: rule).increment()
        logger.info("change request matched", metadata: ["uri": "\(uri)", "rule": "\(rule)"])
    }

    /// Something was decided about a change request.
    func report(_ outcome: Outcome) {
        NotifierMetrics.count(outcome)
        var metadata: Logger.Metadata = ["uri": "\(outcome.uri)", "rule": "\(outcome.rule)"]
        if let owner = outcome.owner { metadata["did"] = "\(owner)" }
        if let reason = outcome.reason { metadata["reason"] = "\(reason.rawValue)" }
        if let detail = outcome.detail { metadata["detail"] = "\(detail)" }
        if let next = outcome.nextIn { metadata["next_s"] = .stringConvertible(Int(next.inSeconds.rounded())) }
        switch outcome.state {
        case .delivered where outcome.reason == .alreadyTold:
            logger.notice("owner was told already", metadata: metadata)
        case .delivered:
            let now = wallClock.now()
            totals.withLock {
                $0.delivered += 1
                $0.lastDeliveredAt = now
            }
            metadata["latency_s"] = .stringConvertible(Int(outcome.latency.inSeconds.rounded()))
            logger.info(outcome.reason == .mentionPosted ? "mention posted" : "message delivered", metadata: metadata)
        case .dropped: logger.log(level: outcome.reason?.dropLevel ?? .info, "job dropped", metadata: metadata)
        case .deferred: logger.info("job waits for its owner", metadata: metadata)
        case .uncertain:
            metadata["to_do"] = "\(outcome.reason?.sentence ?? "")"
            logger.error("job needs a decision", metadata: metadata)
        case .verify: logger.warning("message may have arrived; its conversation is read", metadata: metadata)
        case .sending, .posting: logger.notice("message sent again", metadata: metadata)
        case .queued, .lookup: logger.info("job is tried again", metadata: metadata)
        }
        outputs.offer(outcome)
    }

    /// A limit, or a digest's window, holds back everything of an author or for an owner.
    func held(_ job: Job, _ reason: Reason, for wait: Duration) {
        NotifierMetrics.suppressed(reason).increment()
        logger.info(
            reason == .digestWindow ? "requests are collected for the owner's next message" : "limit reached",
            metadata: [
                "uri": "\(job.uri)", "reason": "\(reason.rawValue)", "did": "\(job.owner?.text ?? "")",
                "author": "\(job.author)", "next_s": .stringConvertible(wait.wholeSeconds),
            ]
        )
    }

    /// Something happened to requests, jobs or messages.
    func report(_ applied: Applied) {
        for (recipient, reason, count) in applied.suppressed {
            logger.notice(
                "owner suppressed",
                metadata: [
                    "did": "\(recipient)", "reason": "\(reason.rawValue)", "called_off": .stringConvertible(count),
                ]
            )
        }
        for outcome in applied.outcomes { report(outcome) }
    }

    /// A message is sent without the project's name, for this reason.
    func reportUnreadProject(of uri: ATURI, _ reason: Reason, _ cause: CallError) {
        logger.notice(
            "the project's record cannot be read; the message goes without its name",
            metadata: ["uri": "\(uri)", "reason": "\(reason.rawValue)", "detail": "\(cause)"]
        )
    }

    /// The author's repository holds what the stream told.
    func proven(_ uri: ATURI, rev: TID) {
        logger.info("change request proven", metadata: ["uri": "\(uri)", "rev": "\(rev)"])
    }

    /// The author's repository holds another version than the stream told.
    func replacedByProof(_ uri: ATURI, rev: TID) {
        logger.notice(
            "change request replaced",
            metadata: ["uri": "\(uri)", "rev": "\(rev)", "reason": "\(Reason.recordReplaced.rawValue)"]
        )
    }
}

extension Reason {
    /// What one author does to many people is one line, not one line each.
    fileprivate var dropLevel: Logger.Level {
        switch self {
        case .authorBurst, .authorBlocked: .debug
        case .requestRefused, .compositionFailed, .messageTooLarge: .error
        case .proofInvalid, .ownerAmbiguous: .warning
        default: .info
        }
    }
}
