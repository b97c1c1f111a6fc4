internal import ATProtocol
internal import Logging
internal import Network

/// Logs the session's state: a line for each new state, and an alarm while no message can be sent.
///
/// The alarm names the command that helps, and is repeated every hour.
struct SessionReport {
    private let logger: Logger
    private let account: DID
    private var reported = SessionState.ok
    private var isObstructed = false
    /// The uptime of the last alarm for each reason.
    private var alarms: [String: Double] = [:]
    private var lastProblem: (problem: SessionProblem, at: UnixTime)?

    /// The time between two alarms, in seconds.
    private static let interval: Double = 3600

    init(_ logger: Logger, _ account: DID) {
        self.logger = logger
        self.account = account
    }

    /// The last problem and when it was seen; it may be over.
    ///
    /// - Parameters:
    ///   - state: the session's current state, which may not be recorded yet.
    ///   - now: the current time.
    /// - Returns: the problem and its time; nil when there was none.
    func lastProblem(in state: SessionState, at now: SessionTime) -> (problem: SessionProblem, at: UnixTime)? {
        guard let problem = state.problem, problem != lastProblem?.problem else { return lastProblem }
        return (problem, now.date)
    }

    /// Records the session's current state, and logs what is due.
    mutating func note(_ state: SessionState, obstacle: SendObstacle?, at now: SessionTime) {
        if let problem = state.problem, problem != lastProblem?.problem || state != reported {
            lastProblem = (problem, now.date)
        }
        let isNews = state.name != reported.name || state.problem?.reason != reported.problem?.reason
        reported = state
        if isNews { entered(state, canSend: obstacle == nil) }
        let wasObstructed = isObstructed
        isObstructed = obstacle != nil
        guard let obstacle else { return }
        // A problem that comes and goes within an hour is one problem.
        let reason = state.problem?.reason.rawValue ?? ""
        guard now.uptime >= (alarms[reason] ?? -.infinity) + Self.interval else { return }
        alarms[reason] = now.uptime
        var metadata = metadata(state)
        guard state.isUsable else {
            // The line about the new state has just said so.
            if isNews { return }
            if wasObstructed {
                logger.error("session still needs a human; nothing is sent", metadata: metadata)
            } else {
                logger.error("session needs a human; nothing is sent", metadata: metadata)
            }
            return
        }
        metadata["detail"] = "\(obstacle.clause)"
        metadata["run"] = "\(obstacle.remedy)"
        if wasObstructed {
            logger.error("session still cannot send; messages wait", metadata: metadata)
        } else {
            logger.error("session cannot send; messages wait", metadata: metadata)
        }
    }

    /// Logs that a record from the store is now used.
    func adopted(_ stored: SessionRecord, insteadOf old: SessionRecord?) {
        if let old, old.loginID != stored.loginID { logger.notice("new login picked up", metadata: ["did": did]) }
        if stored.isInTheClear {
            logger.warning(
                "session file is not encrypted, although a key is configured; the next write encrypts it",
                metadata: ["did": did]
            )
        }
        if stored.isInterrupted {
            logger.warning(
                "an earlier process ended in the middle of renewing the tokens",
                metadata: ["did": did, "generation": .stringConvertible(stored.generation)]
            )
        }
    }

    /// Logs that the account moved to another PDS with the same authorization server.
    func moved(to pds: String) {
        logger.notice("account moved to another PDS", metadata: ["did": did, "host": "\(pds)"])
    }

    /// Logs new tokens.
    func rotated(_ next: SessionRecord, _ saving: TokenRefresh.Saving) {
        switch saving {
        case .saved(nil): break
        case .saved(let doubt?):
            // The tokens are in the file, but no refresh is made until a write is known to be durable.
            logger.error(
                "new tokens are stored, but may not survive a power cut",
                metadata: ["reason": "\(doubt.sentence)", "generation": .stringConvertible(next.generation)]
            )
        case .failed(let failure): unsaved(next, failure)
        }
        logger.info(
            "tokens renewed",
            metadata: [
                "did": did, "generation": .stringConvertible(next.generation), "token_mark": "\(next.tokenMark)",
            ]
        )
    }

    /// Logs that new tokens cannot be written.
    func unsaved(_ record: SessionRecord, _ failure: OAuthError) {
        logger.error(
            "new tokens are in memory only: mend the disk, and do not stop this process before",
            metadata: ["reason": "\(failure.sentence)", "generation": .stringConvertible(record.generation)]
        )
    }

    /// Logs that new tokens were written at last.
    func savedAfterAll(_ record: SessionRecord) {
        logger.notice(
            "new tokens are stored after all",
            metadata: ["generation": .stringConvertible(record.generation)]
        )
    }

    /// Logs that the session's state could not be written.
    func stateNotStored(_ failure: OAuthError) {
        logger.warning(
            "session state cannot be stored; look at the disk of the state directory",
            metadata: ["reason": "\(failure.sentence)"]
        )
    }

    /// Logs that a server could not be asked to end an unused session.
    func notRevoked(_ failure: OAuthError) {
        logger.warning("the server could not be asked to end the session", metadata: ["reason": "\(failure.sentence)"])
    }

    private var did: Logger.MetadataValue { "\(account)" }

    private func entered(_ state: SessionState, canSend: Bool) {
        switch state {
        case .ok: logger.notice("session is usable", metadata: metadata(state))
        case .degraded(let problem):
            // A full or broken disk needs attention, even if the current tokens still work.
            let needsHelp = problem.reason == .storage || problem.reason == .unsaved
            logger.log(level: needsHelp ? .error : .warning, "session is degraded", metadata: metadata(state))
        case .needsLogin, .misconfigured, .quarantined:
            if canSend {
                logger.error("session needs a human; messages are sent until its token ends", metadata: metadata(state))
            } else {
                logger.error("session needs a human; nothing is sent", metadata: metadata(state))
            }
        }
    }

    private func metadata(_ state: SessionState) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["did": "\(account)", "state": "\(state.name)"]
        if let problem = state.problem {
            metadata["reason"] = "\(problem.reason.rawValue)"
            metadata["detail"] = "\(problem.detail)"
        }
        if let remedy = state.remedy { metadata["run"] = "\(remedy)" }
        return metadata
    }
}

extension SessionState {
    /// The command that helps; nil when nothing is wrong.
    public var remedy: String? {
        switch problem?.reason {
        case nil: nil
        case .clientRefused?, .clientMetadata?: "impact-notifier client verify"
        case .fileUnusable?, .credentials?, .keyBinding?, .proofRefused?, .storage?, .unsaved?, .lockBusy?, .clock?,
            .nonce?, .unreachable?, .ambiguous?, .rateLimited?, .account?, .signInUnavailable?:
            "impact-notifier doctor"
        // A login is always possible: it replaces the session, whatever its state.
        default: "impact-notifier login"
        }
    }
}
