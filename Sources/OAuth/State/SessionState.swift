/// The session's state, as far as the daemon knows.
///
/// In the last three states nothing is sent and jobs stay queued, until a human or an outside change fixes the cause.
public enum SessionState: Sendable, Equatable {
    /// Calls work.
    case ok
    /// A temporary problem; it is retried automatically.
    case degraded(SessionProblem)
    /// The session has ended or lacks a permission: a human must log in.
    case needsLogin(SessionProblem)
    /// Configuration, key, file or hosted metadata do not match; a human must correct them.
    case misconfigured(SessionProblem)
    /// The response to a refresh was stored but did not pass the checks; a human must look at it.
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

    /// The problem; nil when there is none.
    public var problem: SessionProblem? {
        switch self {
        case .ok: nil
        case .degraded(let problem), .needsLogin(let problem), .misconfigured(let problem), .quarantined(let problem):
            problem
        }
    }

    /// Whether sending messages may be tried.
    public var isUsable: Bool {
        switch self {
        case .ok, .degraded: true
        case .needsLogin, .misconfigured, .quarantined: false
        }
    }

    /// The exit status of `session status`: 0 ok, 1 degraded, 2 needs-login, 3 misconfigured, 4 quarantined.
    public var exitStatus: Int32 {
        switch self {
        case .ok: 0
        case .degraded: 1
        case .needsLogin: 2
        case .misconfigured: 3
        case .quarantined: 4
        }
    }

    /// The state with a stable name; nil for an unknown name.
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
