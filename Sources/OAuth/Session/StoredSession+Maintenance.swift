public import ATProtocol
internal import Logging
internal import Network

/// The session's own work: new logins, renewals, identity checks, and retries.
extension StoredSession {
    /// Maintains the session until cancelled, then waits for a refresh in progress.
    public func run() async {
        while !Task.isCancelled {
            await maintain()
            try? await environment.sleeper.sleep(for: .seconds(5))
        }
        await drain()
    }

    /// Waits until a refresh in progress has ended and its tokens are on the disk; call it before the process ends.
    public func drain() async { await keeper.drain() }

    /// Does the work that is due; cheap when there is none.
    public func maintain() async {
        await keeper.pickUp()
        let known = await keeper.snapshot
        guard let record = known.record, !known.machine.isOver else { return }
        if let warning = schedule.takesWarning(record, at: known.now) {
            environment.logger.warning(
                "session ends soon",
                metadata: ["did": "\(account)", "detail": "\(warning)", "run": "impact-notifier login"]
            )
        }
        await renewIfDue(record, known)
        // Tests whether calls work again, even if no message waits.
        let refreshed = await keeper.snapshot
        if refreshed.machine.wantsCall(at: refreshed.now) { await probe(.call) { _ = try? await check() } }
        if schedule.takesIdentityCheck(at: known.now, jitter: environment.jitter()) {
            await checkIdentity()
        } else if refreshed.machine.wantsHome(at: refreshed.now) {
            await probe(.home) { await checkIdentity() }
        }
        await keeper.note()
    }

    /// Runs a test; if it gives no result, the next one waits up to five minutes.
    private func probe(_ attempt: Setback.Attempt, _ ask: () async -> Void) async {
        let before = await keeper.snapshot
        var probe = probes[attempt] ?? Setback()
        guard probe.isOver(at: before.now.uptime) else { return }
        await ask()
        let after = await keeper.snapshot
        let isDecided = before.machine.calls != after.machine.calls || before.machine.home != after.machine.home
        let silence = SessionState.degraded(SessionProblem(.unreachable, "no answer"))
        probe.note(silence, at: after.now.uptime, jitter: environment.jitter())
        probes[attempt] = isDecided ? nil : probe
    }

    private func renewIfDue(_ record: SessionRecord, _ known: SessionSnapshot) async {
        guard known.machine.admitsRefresh(at: known.now) else { return }
        guard
            known.admission.followsCrash || known.machine.hasRefreshFailed
                || schedule.wantsKeepAlive(record, at: known.now)
        else { return }
        try? await keeper.renew(insteadOf: record)
        switch await keeper.snapshot.machine.refreshes.state?.problem?.reason {
        case .refreshRefused?, .unrecognizedRefusal?, .endpointGone?: await checkIdentity()
        case .clientRefused?, .clientMetadata?: await explainClientProblem()
        default: break
        }
    }

    /// Rows 10 and 11: when the server rejects the client, logs what is wrong with the hosted metadata.
    private func explainClientProblem() async {
        let problems: [String]
        do { problems = try await ClientMetadata(configuration, environment).problems() } catch {
            problems = [error.sentence]
        }
        for problem in problems {
            environment.logger.warning("the hosted client metadata is wrong", metadata: ["reason": "\(problem)"])
        }
    }

    /// Compares the account's servers with the stored ones; only a definite result changes anything.
    func checkIdentity() async {
        let known = await keeper.snapshot
        guard let record = known.record, !known.machine.isOver else { return }
        let discovery = ServerDiscovery(configuration, environment)
        do throws(OAuthError) {
            let pds = try await discovery.pds(of: account)
            guard let binding = record.binding else {
                // An app password is valid on the old PDS only.
                if pds.origin == record.pds { return await keeper.homeConfirmed(at: pds.origin, nil, of: record) }
                let detail = "the account moved from \(record.pds) to \(pds.origin)"
                return await keeper.take(.movedAway(detail), about: record)
            }
            let server = try await discovery.server(of: pds)
            guard server.issuer == binding.issuer else {
                // Never send the refresh token to the new issuer, because it did not issue the token.
                let detail = "the account moved from \(binding.issuer) to \(server.issuer)"
                return await keeper.take(.movedAway(detail), about: record)
            }
            await keeper.homeConfirmed(at: pds.origin, binding.moved(to: server), of: record)
        } catch {
            environment.logger.info(
                "the account's DID document cannot be checked; tried again",
                metadata: ["reason": "\(error.sentence)"]
            )
        }
    }

    /// Calls `com.atproto.server.getSession` as a health check for every kind of session.
    ///
    /// - Returns: the handle.
    /// - Throws: `SessionError`; an inactive account gives `refreshUnavailable`.
    public func check() async throws(SessionError) -> String {
        guard let nsid = try? NSID("com.atproto.server.getSession") else { throw await keeper.failure }
        let (response, record) = try await answer(to: .query(nsid))
        guard response.isSuccess, let json = try? JSONValue(parsing: response.body) else {
            throw SessionError(
                code: .refreshUnavailable,
                sentence: "The PDS did not tell about the session: \(XRPCError(response))."
            )
        }
        guard json["did"]?.string == account.text else {
            throw SessionError(code: .misconfigured, sentence: "The PDS speaks of another account.")
        }
        if json["active"]?.bool == false {
            let problem = SessionProblem(.account, json["status"]?.string ?? "inactive")
            await keeper.take(.callFailed(.degraded(problem)), about: record)
            throw await keeper.failure
        }
        return json["handle"]?.string ?? ""
    }

    /// The session's status, without secrets.
    public func status() async -> SessionStatus {
        let known = await keeper.snapshot
        let (record, machine, now) = (known.record, known.machine, known.now)
        let isPassword = record?.kind == .appPassword
        let grant = record.map { ScopeGrant($0.scope) }
        return SessionStatus(
            kind: configuration.kind,
            account: account,
            pds: record?.pds,
            issuer: record?.binding?.issuer,
            clientID: record?.binding?.clientID,
            scope: record?.binding == nil ? nil : record?.scope,
            canSendMessages: isPassword || grant?.allowsMessages(to: configuration.chatService) ?? false,
            canPost: isPassword || grant?.allowsPosts ?? false,
            generation: record?.generation ?? 0,
            createdAt: record?.createdAt,
            refreshedAt: record?.refreshedAt,
            accessExpiresAt: record?.expiresAt,
            endsAt: record?.endsAt,
            idleEndsAt: record.map { $0.refreshedAt + $0.kind.idleLifetime },
            state: machine.state,
            lastProblem: known.lastProblem?.problem,
            lastProblemAt: known.lastProblem?.at,
            waitsUntil: machine.waitsUntil(at: now).map { now.date(at: $0) },
            sendObstacle: known.admission.obstacle(at: now, chatService: configuration.chatService),
            servesUntil: machine.servesUntil > now.date && !machine.state.isUsable ? machine.servesUntil : nil,
            renewals: known.renewals
        )
    }
}
