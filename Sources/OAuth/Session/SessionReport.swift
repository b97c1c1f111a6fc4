internal import ATProtocol
internal import Logging
internal import Network

/// The log lines about the session: one for each new state, and an alarm, with the command that helps, when no message can
/// be sent any more and each hour after that.
struct SessionReport {
    private let logger: Logger
    private let account: DID
    private var reported = SessionState.ok
    private var isObstructed = false
    /// When each reason was alarmed of last, by uptime.
    private var alarms: [String: Double] = [:]
    private var lastProblem: (problem: SessionProblem, at: UnixTime)?

    /// Seconds between two alarms.
    private static let interval: Double = 3600

    init(_ logger: Logger, _ account: DID) {
        self.logger = logger
        self.account = account
    }

    /// What was wrong last and when it was seen; it may have passed.
    ///
    /// - Parameters:
    ///   - state: how the session is now, which may not be noted yet.
    ///   - now: the time.
    /// - Returns: the problem and when; nil when there was none.
    func lastProblem(in state: SessionState, at now: SessionTime) -> (problem: SessionProblem, at: UnixTime)? {
        guard let problem = state.problem, problem != lastProblem?.problem else { return lastProblem }
        return (problem, now.date)
    }

    /// Takes in how the session is now.
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
        // What comes and goes within an hour for one reason is one trouble.
        let reason = state.problem?.reason.rawValue ?? ""
        guard now.uptime >= (alarms[reason] ?? -.infinity) + Self.interval else { return }
        alarms[reason] = now.uptime
        var metadata = metadata(state)
        guard state.isUsable else {
            // The state's own line said it just now.
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

    /// A record was taken from the store.
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

    /// The account lives at another PDS of the same authorization server.
    func moved(to pds: String) {
        logger.notice("account moved to another PDS", metadata: ["did": did, "host": "\(pds)"])
    }

    /// New tokens came.
    func rotated(_ next: SessionRecord, _ saving: TokenRefresh.Saving) {
        switch saving {
        case .saved(nil): break
        case .saved(let doubt?):
            // They are in the file; the next refresh is withheld for as long as the doubt lasts.
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

    /// New tokens cannot be written.
    func unsaved(_ record: SessionRecord, _ failure: OAuthFailure) {
        logger.error(
            "new tokens are in memory only: mend the disk, and do not stop this process before",
            metadata: ["reason": "\(failure.sentence)", "generation": .stringConvertible(record.generation)]
        )
    }

    /// New tokens could be written after all.
    func savedAfterAll(_ record: SessionRecord) {
        logger.notice(
            "new tokens are stored after all",
            metadata: ["generation": .stringConvertible(record.generation)]
        )
    }

    /// What is known about the session could not be written.
    func stateNotStored(_ failure: OAuthFailure) {
        logger.warning(
            "session state cannot be stored; look at the disk of the state directory",
            metadata: ["reason": "\(failure.sentence)"]
        )
    }

    /// A server could not be asked to end a session that nobody will use.
    func notRevoked(_ failure: OAuthFailure) {
        logger.warning("the server could not be asked to end the session", metadata: ["reason": "\(failure.sentence)"])
    }

    private var did: Logger.MetadataValue { "\(account)" }

    private func entered(_ state: SessionState, canSend: Bool) {
        switch state {
        case .ok: logger.notice("session is usable", metadata: metadata(state))
        case .degraded(let problem):
            // A disk that takes no record needs somebody soon, although the tokens at hand still serve.
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
        // It may be done at any time: a login takes a session's place, whatever became of it.
        default: "impact-notifier login"
        }
    }
}
