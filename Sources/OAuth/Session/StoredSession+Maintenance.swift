public import ATProtocol
internal import Logging
internal import Network

/// What the session does by itself: new logins, daily refresh, daily look at the identity, reminders.
extension StoredSession {
    /// Looks after the session until cancelled, then waits for a refresh under way.
    public func run() async {
        while !Task.isCancelled {
            await maintain()
            try? await environment.sleeper.sleep(for: .seconds(5))
        }
        await drain()
    }

    /// Does what is due now; cheap when nothing is.
    public func maintain() async {
        await pickUp()
        let now = environment.clock.now()
        if machine.takesReminder(at: now) { SessionReport(environment.logger, configuration).reminded(machine.state) }
        guard let record else { return }
        if case .needsLogin = machine.state { return }
        if let warning = timetable.takesWarning(record, at: now) {
            environment.logger.warning(
                "session nears its end",
                metadata: ["did": "\(account)", "detail": "\(warning)", "run": "impact-notifier login"]
            )
        }
        alarmWithoutAccess(record, at: now)
        if machine.admitsRefresh(at: now),
            followsCrash || machine.awaitsRefresh || timetable.wantsKeepAlive(record, at: now)
        {
            try? await refresh(insteadOf: record)
        }
        if timetable.takesIdentityCheck(at: now, jitter: environment.jitter()) { await checkIdentity() }
    }

    /// Row 11: trouble that passes becomes everybody's when the last access token is gone.
    private func alarmWithoutAccess(_ record: SessionRecord, at now: Double) {
        guard case .degraded(let trouble) = machine.state, let end = record.expiresAt, now >= end else {
            hasAlarmed = false
            return
        }
        guard !hasAlarmed else { return }
        hasAlarmed = true
        environment.logger.error(
            "access token has ended and cannot be renewed; messages wait",
            metadata: ["did": "\(account)", "reason": "\(trouble.reason.rawValue)", "detail": "\(trouble.detail)"]
        )
    }

    /// Looks, after a refresh that failed, whether the account has moved or the hosted metadata is not right.
    func lookIntoFailure() async {
        switch machine.state.trouble?.reason {
        case .tokenDead?, .unrecognizedRefusal?: await checkIdentity()
        case .clientRefused?, .clientMetadata?: await explainClientTrouble()
        default: break
        }
    }

    /// Rows 10 and 11: when the server dislikes the client, says what is wrong with what is hosted.
    private func explainClientTrouble() async {
        let problems: [String]
        do { problems = try await ClientMetadata(configuration, environment).problems() } catch {
            problems = [error.sentence]
        }
        for problem in problems {
            environment.logger.warning("hosted client metadata is not right", metadata: ["reason": "\(problem)"])
        }
    }

    /// Compares the account's home with the stored one; only a definite answer changes anything.
    func checkIdentity() async {
        let mayHaveMoved: Set<SessionTrouble.Reason?> = [nil, .tokenDead, .unrecognizedRefusal]
        guard let record, machine.state.isUsable || mayHaveMoved.contains(machine.state.trouble?.reason) else { return }
        let discovery = ServerDiscovery(
            client: environment.client,
            identities: environment.identities,
            allowsLoopback: configuration.allowsLoopback
        )
        let pds: WebURL
        do throws(OAuthFailure) {
            pds = try await discovery.pds(of: account)
            if let issuer = record.binding?.issuer {
                let server = try await discovery.server(of: pds)
                guard server.issuer == issuer else {
                    // Never show the refresh token to the new issuer: it is not the one that gave it.
                    let detail = "the account moved from \(issuer) to \(server.issuer)"
                    settleForGood(.needsLogin(SessionTrouble(.migrated, detail)))
                    report()
                    return
                }
            }
        } catch {
            environment.logger.info("identity not checked", metadata: ["reason": "\(error.sentence)"])
            return
        }
        guard pds.origin != record.pds else { return }
        guard record.kind != .appPassword else {
            let detail = "the account moved from \(record.pds) to \(pds.origin)"
            settleForGood(.needsLogin(SessionTrouble(.migrated, detail)))
            report()
            return
        }
        await move(to: pds.origin)
    }

    /// Row 28: another server of the same issuer.
    private func move(to pds: String) async {
        guard let store, let lock = await takeLock() else { return }
        defer { lock.unlock() }
        guard let old = record?.pds, !isUnsaved else { return }
        method.forget(old)
        record?.pds = pds
        environment.logger.notice("account moved to another PDS", metadata: ["did": "\(account)", "host": "\(pds)"])
        guard let record else { return }
        do throws(OAuthFailure) {
            try await queue.run { () throws(OAuthFailure) in
                guard var stored = try store.load(), !record.isSucceeded(by: stored) else { return }
                stored.pds = pds
                try store.save(stored)
            }
            version = await currentVersion()
        } catch {
            environment.logger.warning("new PDS not stored", metadata: ["reason": "\(error.sentence)"])
        }
    }

    /// Asks the account's server who we are (`com.atproto.server.getSession`): the health check of every kind.
    ///
    /// - Returns: the handle.
    /// - Throws: ``SessionFailure``; an inactive account counts as ``SessionFailure/Code/refreshUnavailable``.
    public func check() async throws(SessionFailure) -> String {
        guard let nsid = try? NSID("com.atproto.server.getSession") else { throw failure() }
        let response = try await send(.query(nsid))
        guard response.isSuccess, let json = try? JSONValue(parsing: response.body) else {
            throw SessionFailure(
                code: .refreshUnavailable,
                sentence: "The PDS did not tell about the session: \(XRPCError(response))."
            )
        }
        guard json["did"]?.string == account.text else {
            throw SessionFailure(code: .misconfigured, sentence: "The PDS speaks of another account.")
        }
        if json["active"]?.bool == false {
            machine.accountInactive(json["status"]?.string ?? "inactive", at: environment.clock.now())
            report()
            throw failure()
        }
        return json["handle"]?.string ?? ""
    }

    /// What may be told about the session.
    public func status() -> SessionStatus {
        let now = environment.clock.now()
        let canSend = record.map { record in
            record.kind == .appPassword || ScopeGrant(record.scope).allowsMessages(to: configuration.chatService)
        }
        return SessionStatus(
            kind: configuration.kind,
            account: account,
            pds: record?.pds,
            issuer: record?.binding?.issuer,
            clientID: record?.binding?.clientID,
            scope: record?.binding == nil ? nil : record?.scope,
            canSendMessages: canSend ?? false,
            canPost: record.map { $0.kind == .appPassword || ScopeGrant($0.scope).allowsPosts } ?? false,
            generation: record?.generation ?? 0,
            createdAt: record?.createdAt,
            refreshedAt: record?.refreshedAt,
            accessExpiresAt: record?.expiresAt,
            endsAt: record?.endsAt,
            idleEndsAt: record.map { $0.refreshedAt + $0.kind.idleLifetime },
            state: machine.state,
            lastTrouble: lastTrouble?.trouble,
            lastTroubleAt: lastTrouble?.at,
            waitsUntil: machine.waitsUntil(at: now),
            sendObstacle: admission.obstacle(at: now, chatService: configuration.chatService),
            servesUntil: machine.servesUntil > now && !machine.state.isUsable ? machine.servesUntil : nil,
            renewals: renewals
        )
    }
}
