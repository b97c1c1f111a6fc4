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
        guard let method = request.xrpcMethod else { return page(request) }
        let (refusal, headers) = requests.take(at: clock.now().seconds)
        var response: HTTPResponse
        do throws(ResponseError) {
            if let refusal { throw refusal }
            response = try call(method, request)
        } catch {
            response = error.response
        }
        if request.headers["Authorization"]?.lowercased().hasPrefix("dpop ") == true {
            response.headers["DPoP-Nonce"] = guardian.proofs.nonce(at: clock.now().seconds)
        }
        for field in headers where response.headers[field.name] == nil { response.headers[field.name] = field.value }
        return response
    }

    private func page(_ request: IncomingRequest) -> HTTPResponse {
        guard request.path == "/.well-known/oauth-protected-resource" else { return .text("Not Found", status: 404) }
        let other = faults.misbehaviour(at: request, \.issuer)
        return .json([
            "resource": .string(origin), "authorization_servers": [.string(other ?? authorizationServer)],
            "scopes_supported": [], "bearer_methods_supported": ["header"],
        ])
    }

    private func call(_ method: String, _ request: IncomingRequest) throws(ResponseError) -> HTTPResponse {
        if method == "_health" { return .json(["version": "sandbox"]) }
        guard (try? NSID(method)) != nil else { throw .invalid("invalid xrpc path") }
        // A proxied call is one with the header, or one that the PDS does not know itself.
        if request.headers["atproto-proxy"] == nil, let own = try own(method, request) { return own }
        guard ["GET", "HEAD", "POST"].contains(request.method) else {
            throw .invalid("XRPC requests only supports GET and POST")
        }
        guard !Self.accountMethods.contains(method) else { throw .failure(400, "InvalidToken", "Bad token method") }
        let destination = try ServiceProxy.target(of: request.headers["atproto-proxy"])
        if method.hasPrefix("chat.bsky."), destination.target == .appView { throw AppView.unsupported }
        // What the account's state is here concerns nobody who is behind the proxy.
        return try proxy.answer(method, destination, by: try caller(of: request), request)
    }

    /// The methods that the PDS answers itself; nil for all others.
    private func own(_ method: String, _ request: IncomingRequest) throws(ResponseError) -> HTTPResponse? {
        switch method {
        case "com.atproto.server.describeServer":
            .json([
                "did": "did:web:pds.sandbox.test", "availableUserDomains": [".test"], "inviteCodeRequired": false,
            ])
        case "com.atproto.server.createSession": try createSession(request)
        case "com.atproto.server.refreshSession": try refreshSession(request)
        case "com.atproto.server.getSession": getSession(try caller(of: request))
        case "com.atproto.identity.resolveHandle": try proxy.appView.answer(method, request)
        case "com.atproto.repo.getRecord": try getRecord(request)
        case "com.atproto.repo.listRecords": try listRecords(request)
        case "com.atproto.repo.describeRepo": try describeRepository(request)
        case "com.atproto.repo.createRecord", "com.atproto.repo.putRecord", "com.atproto.repo.deleteRecord":
            try writeRecord(method, request, by: try activeCaller(of: request))
        case "com.atproto.sync.getRecord": try getRecordProof(request)
        case "com.atproto.sync.getRepoStatus": try getRepoStatus(request)
        default: nil
        }
    }

    private func caller(of request: IncomingRequest) throws(ResponseError) -> ResourceGuard.Caller {
        try guardian.caller(of: request, at: clock.now().seconds)
    }

    /// Who makes a request that only an active account may make.
    private func activeCaller(of request: IncomingRequest) throws(ResponseError) -> ResourceGuard.Caller {
        let caller = try self.caller(of: request)
        switch accounts.status(of: caller.did) {
        case "takendown": throw Self.takenDown
        case "deactivated": throw .failure(401, "AccountDeactivated", "Account is deactivated")
        default: return caller
        }
    }

    private static let takenDown = ResponseError.failure(401, "AccountTakedown", "Account has been taken down")

    // MARK: Sessions

    private func createSession(_ request: IncomingRequest) throws(ResponseError) -> HTTPResponse {
        let body = request.json
        guard let identifier = body?["identifier"]?.string, let password = body?["password"]?.string else {
            throw .invalid("Input must have the properties \"identifier\" and \"password\"")
        }
        guard let account = accounts.account(named: identifier),
            let pair = sessions.create(account, password, at: clock.now().seconds)
        else { throw .failure(401, "AuthenticationRequired", "Invalid identifier or password") }
        guard accounts.status(of: account.did) != "takendown" else { throw Self.takenDown }
        return answer(pair, account)
    }

    private func refreshSession(_ request: IncomingRequest) throws(ResponseError) -> HTTPResponse {
        let token = request.headers["Authorization"].flatMap { field in
            field.lowercased().hasPrefix("bearer ") ? String(field.dropFirst(7)) : nil
        }
        guard let token else { throw .failure(401, "AuthMissing", "Authentication Required") }
        guard let pair = sessions.refresh(token, at: clock.now().seconds), let account = accounts.account(pair.did)
        else { throw .failure(400, "ExpiredToken", "Token has been revoked") }
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
