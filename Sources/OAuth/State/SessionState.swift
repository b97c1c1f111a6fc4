/// How the session is, as far as the daemon knows.
///
/// In the last three states nothing is sent and jobs stay queued; only a human, or the restored outside, ends them.
public enum SessionState: Sendable, Equatable {
    /// Calls work.
    case ok
    /// Something passing is wrong; it is tried again by itself.
    case degraded(SessionProblem)
    /// The session is gone, or cannot do what is needed: a human must log in.
    case needsLogin(SessionProblem)
    /// Configuration, key, file or hosted metadata do not fit; a human must correct them.
    case misconfigured(SessionProblem)
    /// An answer to a refresh was stored but did not pass the checks; a human must look.
    case quarantined(SessionProblem)

    /// The stable name: `ok`, `degraded`, `needs-login`, `misconfigured`, `quarantined`.
    public var name: String {
        switch self {
        case .ok: "ok"
        case .degraded: "degraded"
        case .needsLogin: "needs-login"
        case .misconfigured: "misconfigured"
        case .quarantined: "quarantined"
        }
    }

    /// What is wrong; nil when nothing is.
    public var problem: SessionProblem? {
        switch self {
        case .ok: nil
        case .degraded(let problem), .needsLogin(let problem), .misconfigured(let problem), .quarantined(let problem):
            problem
        }
    }

    /// Whether messages may be tried.
    public var isUsable: Bool {
        switch self {
        case .ok, .degraded: true
        case .needsLogin, .misconfigured, .quarantined: false
        }
    }

    /// Exit status of `session status`: 0 ok, 1 degraded, 2 needs-login, 3 misconfigured, 4 quarantined.
    public var exitStatus: Int32 {
        switch self {
        case .ok: 0
        case .degraded: 1
        case .needsLogin: 2
        case .misconfigured: 3
        case .quarantined: 4
        }
    }

    /// The state of a stable name; nil for a name that none has.
    public init?(name: String, problem: SessionProblem) {
        switch name {
        case "ok": self = .ok
        case "degraded": self = .degraded(problem)
        case "needs-login": self = .needsLogin(problem)
        case "misconfigured": self = .misconfigured(problem)
        case "quarantined": self = .quarantined(problem)
        default: return nil
        }
    }
}
