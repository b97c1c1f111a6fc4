internal import Logging

/// The log lines about the session's state: one on entry, one an hour, with the command that helps.
struct SessionReport {
    private let logger: Logger
    private let configuration: SessionConfiguration

    init(_ logger: Logger, _ configuration: SessionConfiguration) {
        self.logger = logger
        self.configuration = configuration
    }

    /// A state was entered.
    func entered(_ state: SessionState) {
        switch state {
        case .ok: logger.notice("session is usable", metadata: metadata(state))
        case .degraded(let trouble):
            // A disk that takes no record needs somebody soon, although the tokens at hand still serve.
            let needsHelp = trouble.reason == .storage || trouble.reason == .unsaved
            logger.log(level: needsHelp ? .error : .warning, "session is degraded", metadata: metadata(state))
        case .needsLogin, .misconfigured, .quarantined:
            logger.error("session needs a human; nothing is sent", metadata: metadata(state))
        }
    }

    /// A state that only a human ends has lasted another hour.
    func reminded(_ state: SessionState) {
        logger.error("session still needs a human; nothing is sent", metadata: metadata(state))
    }

    private func metadata(_ state: SessionState) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["did": "\(configuration.account)", "state": "\(state.name)"]
        if let trouble = state.trouble {
            metadata["reason"] = "\(trouble.reason.rawValue)"
            metadata["detail"] = "\(trouble.detail)"
        }
        if let remedy = state.remedy { metadata["run"] = "\(remedy)" }
        return metadata
    }
}

extension SessionState {
    /// The command that helps; nil when waiting does.
    public var remedy: String? {
        switch self {
        case .ok, .degraded: nil
        case .needsLogin: "impact-notifier login"
        case .misconfigured(let trouble):
            trouble.reason == .clientRefused ? "impact-notifier client verify" : "impact-notifier session status"
        case .quarantined: "impact-notifier session status"
        }
    }
}
