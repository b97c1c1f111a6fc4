internal import ATProtocol
internal import Network

/// The PDS: repositories and sessions of its accounts, and the way to the services behind it.
struct PersonalDataServer: Sendable {
    /// `com.atproto.*` methods that are never proxied.
    private static let accountMethods: Set<String> = [
        "com.atproto.server.getSession", "com.atproto.server.createAppPassword",
        "com.atproto.identity.updateHandle", "com.atproto.identity.signPlcOperation",
    ]

    let origin: String
    let authorizationServer: String
    let accounts: AccountBook
    let repositories: RepositoryStore
    let sessions: PasswordSessions
    let guardian: ResourceGuard
    let proxy: ServiceProxy
    let clock: SandboxClock
    let faults: FaultPlan
    let requests: RequestCount

    func answer(_ request: IncomingRequest) -> HTTPResponse {
        guard request.path.hasPrefix("/xrpc/") else { return route(request) }
        let (refusal, headers) = requests.take(at: clock.now().seconds)
        var response = refusal ?? route(request)
        if request.headers["Authorization"]?.lowercased().hasPrefix("dpop ") == true {
            response.headers["DPoP-Nonce"] = guardian.proofs.nonce(at: clock.now().seconds)
        }
        for field in headers where response.headers[field.name] == nil { response.headers[field.name] = field.value }
        return response
    }

    private func route(_ request: IncomingRequest) -> HTTPResponse {
        if request.path == "/.well-known/oauth-protected-resource" {
            let other = faults.misbehaviour(at: request, \.issuer)
            return .json([
                "resource": .string(origin), "authorization_servers": [.string(other ?? authorizationServer)],
                "scopes_supported": [], "bearer_methods_supported": ["header"],
            ])
        }
        guard request.path.hasPrefix("/xrpc/") else { return .text("Not Found", status: 404) }
        let method = String(request.path.dropFirst(6))
        if method == "_health" { return .json(["version": "sandbox"]) }
        guard (try? NSID(method)) != nil else { return .failure(400, "InvalidRequest", "invalid xrpc path") }
        do {
            // A proxied call is one with the header, or one that the PDS does not know itself.
            if request.headers["atproto-proxy"] == nil, let own = try own(method, request) { return own }
            guard ["GET", "HEAD", "POST"].contains(request.method) else {
                return .failure(400, "InvalidRequest", "XRPC requests only supports GET and POST")
            }
            guard !Self.accountMethods.contains(method) else {
                return .failure(400, "InvalidToken", "Bad token method")
            }
            let destination = try ServiceProxy.target(of: request.headers["atproto-proxy"])
            if method.hasPrefix("chat.bsky."), destination.target == .appView {
                return .failure(404, "XRPCNotSupported", "XRPC Not Supported")
            }
            // What the account's state is here concerns nobody who is behind the proxy.
            return proxy.answer(method, destination, by: try caller(of: request), request)
        } catch {
            return error.response
        }
    }

    /// The methods that the PDS answers itself; nil for all others.
    private func own(_ method: String, _ request: IncomingRequest) throws(ResourceGuard.Refusal) -> HTTPResponse? {
        switch method {
        case "com.atproto.server.describeServer":
            .json([
                "did": "did:web:pds.sandbox.test", "availableUserDomains": [".test"], "inviteCodeRequired": false,
            ])
        case "com.atproto.server.createSession": createSession(request)
        case "com.atproto.server.refreshSession": refreshSession(request)
        case "com.atproto.server.getSession": getSession(try caller(of: request))
        case "com.atproto.identity.resolveHandle": proxy.appView.answer(method, request)
        case "com.atproto.repo.getRecord": getRecord(request)
        case "com.atproto.repo.listRecords": listRecords(request)
        case "com.atproto.repo.describeRepo": describeRepository(request)
        case "com.atproto.repo.createRecord", "com.atproto.repo.putRecord", "com.atproto.repo.deleteRecord":
            writeRecord(method, request, by: try activeCaller(of: request))
        case "com.atproto.sync.getRecord": getRecordProof(request)
        case "com.atproto.sync.getRepoStatus": getRepoStatus(request)
        default: nil
        }
    }

    private func caller(of request: IncomingRequest) throws(ResourceGuard.Refusal) -> ResourceGuard.Caller {
        try guardian.caller(of: request, at: clock.now().seconds)
    }

    /// Who makes a request that only an active account may make.
    private func activeCaller(of request: IncomingRequest) throws(ResourceGuard.Refusal) -> ResourceGuard.Caller {
        let caller = try self.caller(of: request)
        switch accounts.status(of: caller.did) {
        case "takendown":
            throw .init(response: .failure(401, "AccountTakedown", "Account has been taken down"))
        case "deactivated":
            throw .init(response: .failure(401, "AccountDeactivated", "Account is deactivated"))
        default: return caller
        }
    }

    // MARK: Sessions

    private func createSession(_ request: IncomingRequest) -> HTTPResponse {
        let body = try? JSONValue(parsing: request.body)
        guard let identifier = body?["identifier"]?.string, let password = body?["password"]?.string else {
            return .failure(400, "InvalidRequest", "Input must have the properties \"identifier\" and \"password\"")
        }
        guard let account = accounts.account(named: identifier),
            let pair = sessions.create(account, password, at: clock.now().seconds)
        else { return .failure(401, "AuthenticationRequired", "Invalid identifier or password") }
        guard accounts.status(of: account.did) != "takendown" else {
            return .failure(401, "AccountTakedown", "Account has been taken down")
        }
        return answer(pair, account)
    }

    private func refreshSession(_ request: IncomingRequest) -> HTTPResponse {
        let token = request.headers["Authorization"].flatMap { field in
            field.lowercased().hasPrefix("bearer ") ? String(field.dropFirst(7)) : nil
        }
        guard let token else { return .failure(401, "AuthMissing", "Authentication Required") }
        guard let pair = sessions.refresh(token, at: clock.now().seconds), let account = accounts.account(pair.did)
        else {
            return .failure(400, "ExpiredToken", "Token has been revoked")
        }
        return answer(pair, account)
    }

    private func answer(_ pair: PasswordSessions.Pair, _ account: SandboxAccount) -> HTTPResponse {
        .json([
            "accessJwt": .string(pair.access), "refreshJwt": .string(pair.refresh),
            "did": .string(account.did.text), "handle": .string(account.handle.text), "active": true,
        ])
    }

    private func getSession(_ caller: ResourceGuard.Caller) -> HTTPResponse {
        let status = accounts.status(of: caller.did)
        var members: [String: JSONValue] = [
            "did": .string(caller.did.text), "active": .bool(status == nil),
            "handle": .string(accounts.account(caller.did)?.handle.text ?? "handle.invalid"),
        ]
        members["status"] = status.map(JSONValue.string)
        return .json(.object(members))
    }
}
