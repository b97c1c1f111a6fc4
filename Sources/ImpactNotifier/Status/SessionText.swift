internal import ATProtocol
internal import Network
internal import OAuth

/// A session's status for people and for programs, from the file, and from the daemon if it runs.
struct SessionText {
    private let status: SessionStatus
    private let now: UnixTime
    private let daemon: Result<RemoteSessionStatus, RemoteSessionStatus.UnavailableError>?

    /// The text of a status.
    ///
    /// - Parameters:
    ///   - status: what this process knows.
    ///   - now: the time from which ages are counted.
    ///   - daemon: the daemon's report; nil when it was not asked.
    init(
        _ status: SessionStatus,
        now: UnixTime,
        daemon: Result<RemoteSessionStatus, RemoteSessionStatus.UnavailableError>? = nil
    ) {
        self.status = status
        self.now = now
        self.daemon = daemon
    }

    /// 0 to 4, by the state; the worse one when file and daemon differ.
    var exitStatus: Int32 { max(status.state.exitStatus, (try? daemon?.get())?.state.exitStatus ?? 0) }

    /// One fact a line.
    var lines: [String] {
        var lines = ["state: \(status.state.text)"]
        switch daemon {
        case .success(let session)?: lines.append("daemon: \(session.text)")
        case .failure(let unknown)?: lines.append("daemon: \(unknown)")
        case nil: break
        }
        lines.append("kind: \(status.kind.rawValue)")
        lines.append("account: \(status.account)")
        if let pds = status.pds { lines.append("PDS: \(pds)") }
        if let issuer = status.issuer { lines.append("authorization server: \(issuer)") }
        if let clientID = status.clientID { lines.append("client: \(clientID)") }
        if let scope = status.scope { lines.append("scope: \(scope)") }
        if status.createdAt != nil { lines.append("may send messages: \(status.canSendMessages ? "yes" : "no")") }
        if let createdAt = status.createdAt {
            lines.append("logged in: \(createdAt), \((now - createdAt).inWords) ago")
        }
        if let refreshedAt = status.refreshedAt {
            lines.append("renewed: \(status.generation) times, last \((now - refreshedAt).inWords) ago")
        }
        if let endsAt = status.endsAt {
            lines.append(
                "ends: \(CalendarDate(endsAt)), in \((endsAt - now).inWords), and cannot be prolonged"
            )
            if status.kind == .loopback {
                lines.append("note: a loopback client is for trying out; for two years see \(Documentation.oauth.path)")
            }
        }
        if let waitsUntil = status.waitsUntil {
            lines.append("waits: \((waitsUntil - now).inWords) until the next try")
        }
        if let remedy = status.state.remedy { lines.append("run: \(remedy)") }
        return lines
    }

    /// The same facts as members of an object; times are RFC 3339.
    var json: JSONValue {
        func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
        func moment(_ time: UnixTime?) -> JSONValue { text(time.map(Timestamp.rfc3339)) }
        var members: [String: JSONValue] = [
            "state": .string(status.state.name),
            "reason": text(status.state.problem?.reason.rawValue),
            "detail": text(status.state.problem?.detail),
            "run": text(status.state.remedy),
            "kind": .string(status.kind.rawValue),
            "account": .string(status.account.text),
            "pds": text(status.pds),
            "issuer": text(status.issuer),
            "client_id": text(status.clientID),
            "scope": text(status.scope),
            "can_send_messages": .bool(status.canSendMessages),
            "generation": .integer(status.generation),
            "created_at": moment(status.createdAt),
            "refreshed_at": moment(status.refreshedAt),
            "access_expires_at": moment(status.accessExpiresAt),
            "idle_ends_at": moment(status.idleEndsAt),
            "ends_at": moment(status.endsAt),
            "waits_until": moment(status.waitsUntil),
        ]
        members["last_trouble"] =
            status.lastProblem.map { problem in
                [
                    "reason": .string(problem.reason.rawValue), "detail": .string(problem.detail),
                    "at": moment(status.lastProblemAt),
                ]
            } ?? .null
        if let daemon { members["daemon"] = (try? daemon.get().json) ?? .null }
        return .object(members)
    }
}

extension SessionState {
    /// The state, and what is wrong if something is.
    var text: String { problem.map { "\(name) (\($0.reason.rawValue)): \($0.detail)" } ?? name }
}
