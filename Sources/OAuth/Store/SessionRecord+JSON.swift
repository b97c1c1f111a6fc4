internal import ATProtocol
internal import Network

/// The file format of the session record.
extension SessionRecord {
    /// Encodes the record.
    var json: JSONValue {
        var members: [String: JSONValue] = [
            "format": .integer(Self.format),
            "kind": .string(kind.rawValue),
            "login_id": .string(loginID),
            "generation": .integer(generation),
            "did": .string(account.text),
            "pds": .string(pds),
            "access_token": .string(accessToken),
            "refresh_token": .string(refreshToken),
            "scope": .string(scope),
            "created_at": .integer(Int64(createdAt.seconds)),
            "refreshed_at": .integer(Int64(refreshedAt.seconds)),
        ]
        if let expiresAt { members["expires_at"] = .integer(Int64(expiresAt.seconds)) }
        if let binding { members.merge(binding.members) { $1 } }
        if let intent {
            members["refresh_intent"] = [
                "generation": .integer(intent.generation), "started_at": .integer(Int64(intent.startedAt.seconds)),
            ]
        }
        if let verdict { members.merge(verdict.members) { $1 } }
        if !setbacks.isEmpty {
            members["setbacks"] = .object(
                Dictionary(uniqueKeysWithValues: setbacks.map { ($0.key.rawValue, $0.value.json) })
            )
        }
        return .object(members)
    }

    /// Decodes a record; nil when a member is missing or has the wrong type.
    init?(_ json: JSONValue) {
        // Seconds within the range of dates; this program writes no others.
        func time(_ name: String) -> UnixTime? {
            json[name]?.integer.flatMap { (0..<253_402_300_800).contains($0) ? UnixTime(seconds: Double($0)) : nil }
        }
        guard json["format"]?.integer == Self.format,
            let kind = json["kind"]?.string.flatMap(SessionKind.init),
            let loginID = json["login_id"]?.string, !loginID.isEmpty,
            let generation = json["generation"]?.integer, (0..<(1 << 53)).contains(generation),
            let account = json["did"]?.string.flatMap({ try? DID($0) }),
            let pds = json["pds"]?.string,
            let accessToken = json["access_token"]?.string,
            let refreshToken = json["refresh_token"]?.string, !refreshToken.isEmpty,
            let scope = json["scope"]?.string,
            let createdAt = time("created_at"),
            let refreshedAt = time("refreshed_at")
        else { return nil }
        self.init(
            kind: kind,
            loginID: loginID,
            generation: generation,
            account: account,
            pds: pds,
            accessToken: accessToken,
            refreshToken: refreshToken,
            scope: scope,
            expiresAt: time("expires_at"),
            createdAt: createdAt,
            refreshedAt: refreshedAt
        )
        if kind != .appPassword {
            guard let binding = Binding(json) else { return nil }
            self.binding = binding
        }
        if let intent = json["refresh_intent"] {
            guard let generation = intent["generation"]?.integer, let startedAt = intent["started_at"]?.integer else {
                return nil
            }
            let time = UnixTime(seconds: Double(min(max(0, startedAt), 1 << 40)))
            self.intent = Intent(generation: generation, startedAt: time)
        }
        for attempt in Setback.Attempt.allCases {
            setbacks[attempt] = json["setbacks"]?[attempt.rawValue].flatMap(Setback.Stored.init)
        }
        if let state = SessionState(stored: json) { take(state) }
    }

    /// A state with proof is kept; a state without proof, from an earlier version, is tried again.
    private mutating func take(_ state: SessionState) {
        guard !state.isProven else {
            verdict = state
            return
        }
        guard let problem = state.problem else { return }
        let attempt: Setback.Attempt =
            switch problem.reason {
            case .tokenRefused: .call
            case .migrated: .home
            default: .refresh
            }
        let keepsState = problem.reason == .passwordRefused || problem.reason == .unusableAnswer
        setbacks[attempt] = Setback.Stored(
            state: keepsState ? state : .degraded(problem),
            refusals: 0,
            at: UnixTime(seconds: 0)
        )
    }
}

extension SessionState {
    /// The state as the members `state` and `last_error` of an object.
    fileprivate var members: [String: JSONValue] {
        let error: JSONValue = [
            "reason": .string(problem?.reason.rawValue ?? ""), "detail": .string(problem?.detail ?? ""),
        ]
        return ["state": .string(name), "last_error": error]
    }

    /// Decodes the state from these members; nil when there is none.
    fileprivate init?(stored json: JSONValue) {
        guard let name = json["state"]?.string else { return nil }
        let reason = SessionProblem.Reason(rawValue: json["last_error"]?["reason"]?.string ?? "")
        self.init(name: name, problem: SessionProblem(reason, json["last_error"]?["detail"]?.string ?? ""))
    }
}

extension Setback.Stored {
    fileprivate var json: JSONValue {
        let own: [String: JSONValue] = [
            "refusals": .integer(Int64(refusals)), "at": .integer(Int64(at.seconds)),
            "confirmed": .integer(Int64(confirmed)),
        ]
        return .object(own.merging(state.members) { $1 })
    }

    fileprivate init?(_ json: JSONValue) {
        // Limits a number to a range in which it can be incremented and written again.
        func number(_ name: String) -> Int64? { json[name]?.integer.map { min(max(0, $0), 1 << 40) } }
        guard let state = SessionState(stored: json), state.problem != nil, let at = number("at") else { return nil }
        self.init(
            state: state,
            refusals: Int(number("refusals") ?? 0),
            at: UnixTime(seconds: Double(at)),
            confirmed: Double(number("confirmed") ?? 0)
        )
    }
}

extension SessionRecord.Binding {
    fileprivate var members: [String: JSONValue] {
        var method: [String: JSONValue] = ["method": clientKeyID == nil ? "none" : "private_key_jwt"]
        if let clientKeyID { method["kid"] = .string(clientKeyID) }
        if let clientKeyThumbprint { method["jkt"] = .string(clientKeyThumbprint) }
        var members: [String: JSONValue] = [
            "issuer": .string(issuer), "token_endpoint": .string(tokenEndpoint), "client_id": .string(clientID),
            "auth_method": .object(method), "dpop_key": dpopKey, "dpop_jkt": .string(dpopThumbprint),
        ]
        if let revocationEndpoint { members["revocation_endpoint"] = .string(revocationEndpoint) }
        return members
    }

    fileprivate init?(_ json: JSONValue) {
        guard let clientID = json["client_id"]?.string, let issuer = json["issuer"]?.string,
            let tokenEndpoint = json["token_endpoint"]?.string, let dpopKey = json["dpop_key"],
            let dpopThumbprint = json["dpop_jkt"]?.string
        else { return nil }
        self.init(
            clientID: clientID,
            issuer: issuer,
            tokenEndpoint: tokenEndpoint,
            revocationEndpoint: json["revocation_endpoint"]?.string,
            clientKeyID: json["auth_method"]?["kid"]?.string,
            clientKeyThumbprint: json["auth_method"]?["jkt"]?.string,
            dpopKey: dpopKey,
            dpopThumbprint: dpopThumbprint
        )
    }
}
