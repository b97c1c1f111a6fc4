public import ATProtocol
internal import Logging
public import Network

/// The sender's session: it is stored in a file, renews its tokens, and does not reveal them.
///
/// This actor makes calls; `TokenKeeper` manages the tokens.
public actor StoredSession: AccountSession {
    /// The account that makes the calls.
    public nonisolated let account: DID
    let configuration: SessionConfiguration
    let environment: SessionEnvironment
    let keeper: TokenKeeper
    var schedule = MaintenanceSchedule()
    /// Tests without a result, which delay the next test.
    var probes: [Setback.Attempt: Setback] = [:]
    /// The lock against a second daemon; held for the lifetime of this object.
    private let instanceLock: (any FileLock)?

    private init(
        _ configuration: SessionConfiguration,
        _ environment: SessionEnvironment,
        _ vault: SessionVault?,
        _ instanceLock: (any FileLock)?
    ) {
        account = configuration.account
        self.configuration = configuration
        self.environment = environment
        self.instanceLock = instanceLock
        keeper = TokenKeeper(configuration, environment, vault, isDaemon: instanceLock != nil)
    }

    /// Opens the stored session of an account; problems with it show in ``status()`` and at the first call.
    ///
    /// - Parameters:
    ///   - configuration: the account and the kind of session.
    ///   - environment: clients, clock and file system.
    ///   - isDaemon: takes the lock against a second daemon, for the lifetime of the session object.
    /// - Returns: the session.
    /// - Throws: ``OAuthError`` with code ``OAuthError/Code/busy`` when another daemon uses the session, or
    ///   ``OAuthError/Code/storage`` when the state directory cannot be used.
    public static func open(
        _ configuration: SessionConfiguration,
        _ environment: SessionEnvironment,
        isDaemon: Bool = false
    ) async throws(OAuthError) -> StoredSession {
        let vault: Result<SessionVault, OAuthError> = Result { () throws(OAuthError) in
            try SessionVault(configuration, environment)
        }
        var lock: (any FileLock)?
        if isDaemon, case .success(let vault) = vault {
            lock = try await vault.queue.run { () throws(OAuthError) in try vault.store.lockInstance() }
            guard lock != nil else {
                throw OAuthError(
                    code: .busy,
                    sentence: "Another daemon uses the session in \(configuration.stateDirectory); stop it first."
                )
            }
        }
        let session = StoredSession(configuration, environment, try? vault.get(), lock)
        var problem: OAuthError?
        if case .failure(let failure) = vault { problem = failure }
        await session.start(problem)
        return session
    }

    private func start(_ problem: OAuthError?) async {
        await keeper.start(problem)
        let known = await keeper.snapshot
        schedule.start(at: known.now, jitter: environment.jitter())
        if configuration.kind == .loopback, let end = known.record?.endsAt {
            environment.logger.warning(
                "this session cannot be prolonged: it ends 14 days after the login",
                metadata: [
                    "did": "\(account)", "ends": "\(CalendarDate(end))",
                    "run": "impact-notifier session status",
                ]
            )
        }
    }

    /// Makes one call on the account's PDS and returns the response, which may be an error of the called service.
    ///
    /// - Throws: `SessionError` when there is no response to the call; its `mayHaveBeenSent` tells whether the call
    ///   may have been carried out.
    public func send(_ call: XRPCCall) async throws(SessionError) -> HTTPResponse {
        try await answer(to: call).0
    }

    /// The response to a call, and the record that was used.
    func answer(to call: XRPCCall) async throws(SessionError) -> (HTTPResponse, SessionRecord) {
        let first = try await keeper.usableRecord()
        let response = try await exchange(call, first)
        guard case .tokenRefused = try await judge(response, call, first) else { return (response, first) }
        // Row 4: the tokens may have been renewed meanwhile; otherwise refresh once. Then repeat the call.
        await keeper.tokenRefused(of: first)
        let second = try await keeper.usableRecord()
        let again = try await exchange(call, second)
        guard case .tokenRefused(let detail) = try await judge(again, call, second) else { return (again, second) }
        // The tokens are new and still refused.
        await keeper.take(.callFailed(.degraded(SessionProblem(.tokenRefused, detail))), about: second)
        await checkIdentity()
        throw await keeper.failure
    }

    /// Sends a call to the PDS; repeats a query whose proof was replayed, since a query changes nothing.
    private func exchange(_ call: XRPCCall, _ record: SessionRecord) async throws(SessionError) -> HTTPResponse {
        guard let pds = configuration.trusted(record.pds) else {
            throw SessionError(code: .misconfigured, sentence: "The stored PDS \(record.pds) is not https.")
        }
        let scheme = await keeper.scheme
        do throws(OAuthError) {
            let response = try await scheme.send(call.request(to: pds), record)
            guard call.kind == .query, ResourceReply(response, kind: record.kind) == .proofReplayed else {
                return response
            }
            return try await scheme.send(call.request(to: pds), record)
        } catch {
            if let transport = error.transport { throw SessionError(transport) }
            throw SessionError(code: .misconfigured, sentence: error.sentence)
        }
    }

    /// Records what the PDS's response means for the session; returns what the caller must still handle.
    ///
    /// - Throws: ``SessionError`` when it is not the response to the call.
    private func judge(
        _ response: HTTPResponse,
        _ call: XRPCCall,
        _ record: SessionRecord
    ) async throws(SessionError) -> ResourceReply {
        let reply = ResourceReply(response, kind: record.kind)
        switch reply {
        // For an inactive account, a valid session is no reason to try messages again.
        case .passed
        where call.method.text == "com.atproto.server.getSession"
            && (try? JSONValue(parsing: response.body))?["active"]?.bool == false:
            break
        case .passed: await keeper.take(.callSucceeded(isChat: call.proxy != nil), about: record)
        case .undecided, .tokenRefused: break
        case .proofReplayed:
            // A copy of the request arrived first and may have been carried out.
            throw SessionError(
                HTTPError(
                    code: .other,
                    origin: record.pds,
                    detail: "the server saw the same proof before",
                    mayHaveBeenSent: call.kind == .procedure
                )
            )
        // The session exists for the chat calls; a refused scope of another call concerns that call's caller only.
        case .scopeMissing where call.proxy == nil || !ScopeGrant.chatMethods.contains(call.method.text): break
        case .scopeMissing(let detail):
            await keeper.take(.settled(.needsLogin(SessionProblem(.scope, detail))), about: record)
        case .notPrivileged:
            let detail = "the app password may not use direct messages; make one that may"
            await keeper.take(.settled(.misconfigured(SessionProblem(.notPrivileged, detail))), about: record)
        case .accountInactive(let detail):
            await keeper.take(.callFailed(.degraded(SessionProblem(.account, detail))), about: record)
        case .tokenMisread(let detail):
            let problem = SessionProblem(.proofRefused, "the server misread the token: \(detail)")
            await keeper.take(.callFailed(.misconfigured(problem)), about: record)
        case .nonceWanted:
            try await fail(.degraded(SessionProblem(.nonce, "the PDS asks for a nonce again and again")), record)
        case .clock(let detail): try await fail(.degraded(SessionProblem(.clock, detail)), record)
        case .keyMismatch:
            try await fail(.misconfigured(SessionProblem(.keyBinding, "the tokens are bound to another key")), record)
        case .proofRefused(let detail):
            try await fail(.misconfigured(SessionProblem(.proofRefused, "\(detail), sent for \(record.pds)")), record)
        }
        return reply
    }

    private func fail(_ state: SessionState, _ record: SessionRecord) async throws(SessionError) {
        await keeper.take(.callFailed(state), about: record)
        throw await keeper.failure
    }
}

extension SessionError {
    /// Why no call is possible in a state.
    init(_ state: SessionState) {
        let detail = state.problem.map { "\($0.reason.rawValue): \($0.detail)" } ?? "the access token has ended"
        switch state {
        case .ok, .degraded:
            self.init(code: .refreshUnavailable, sentence: "The session cannot be used just now: \(detail).")
        case .needsLogin: self.init(code: .needsLogin, sentence: "The session needs a login: \(detail).")
        case .misconfigured: self.init(code: .misconfigured, sentence: "The session is misconfigured: \(detail).")
        case .quarantined: self.init(code: .quarantined, sentence: "The session was set aside: \(detail).")
        }
    }
}

extension SessionStore {
    /// The store of a configuration, with its encryption key.
    init(_ configuration: SessionConfiguration, _ files: any SessionFileSystem) throws(OAuthError) {
        let key = try configuration.encryptionKeyPath.map { path throws(OAuthError) in
            try SecretFile(files).encryptionKey(path)
        }
        self.init(
            directory: configuration.stateDirectory,
            account: configuration.account,
            files: files,
            encryptionKey: key
        )
    }
}
