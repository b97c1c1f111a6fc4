internal import ATProtocol
internal import Logging
internal import Network

/// The refresh: single-flight, uncancellable, and written down before and after.
extension StoredSession {
    /// Waits until the tokens of `old` are replaced, or cannot be just now.
    ///
    /// A caller that is cancelled leaves; the refresh goes on.
    func refresh(insteadOf old: SessionRecord) async throws(SessionFailure) {
        guard isCurrent(old) else { return }
        if flight == nil {
            guard machine.admitsRefresh(at: environment.clock.now()) else { return }
            flight = Task {
                if await performRefresh() {
                    renewals[machine.state.trouble?.reason.rawValue ?? "ok", default: 0] += 1
                }
                flight = nil
                report()
                let waiting = waiters.values
                waiters = [:]
                for waiter in waiting { waiter.resume(returning: true) }
                await lookIntoFailure()
            }
        }
        let id = nextWaiter
        nextWaiter += 1
        let isOver = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled { continuation.resume(returning: false) } else { waiters[id] = continuation }
            }
        } onCancel: {
            Task { await self.abandon(id) }
        }
        guard isOver else {
            throw SessionFailure(
                HTTPFailure(code: .cancelled, origin: old.pds, detail: "the caller gave up", mayHaveBeenSent: false)
            )
        }
    }

    private func abandon(_ id: Int) { waiters.removeValue(forKey: id)?.resume(returning: false) }

    /// Waits for a refresh under way and for what it brought to be on the disk: before the process ends.
    public func drain() async {
        await flight?.value
        await rescue?.value
        await paperwork?.value
    }

    /// Steps a to d of the write protocol.
    ///
    /// - Returns: whether this was a renewal, of which the state tells the result; not when another process's tokens were
    ///   taken over, or ours only reached the disk.
    private func performRefresh() async -> Bool {
        let now = environment.clock.now()
        guard let store, let lock = await takeLock() else {
            let trouble =
                lockFailure.map { SessionTrouble(.storage, $0.sentence) }
                ?? SessionTrouble(.lockBusy, "another process holds the session's lock")
            machine.refreshWithheld(trouble, at: now, jitter: environment.jitter())
            return true
        }
        defer { lock.unlock() }
        if isUnsaved {
            await saveUnsaved()
            return isUnsaved
        }
        guard let record = await confirmed(by: store) else { return self.record == nil }
        if let state = unfit(record) {
            machine.settle(state)
            return true
        }
        var intended = record
        intended.intent = SessionRecord.Intent(generation: record.generation, startedAt: now)
        do throws(OAuthFailure) {
            // Step b: a store that would not take the new tokens must say so before the old one is spent.
            try await queue.run { [intended] () throws(OAuthFailure) in try store.prove(intended) }
            version = await currentVersion()
        } catch {
            let trouble = SessionTrouble(.storage, error.sentence)
            machine.refreshWithheld(trouble, at: now, jitter: environment.jitter())
            return true
        }
        // The server's count of the new token's life may begin as soon as this is sent.
        let askedAt = environment.clock.now()
        guard let verdict = await exchangeTokens(of: record, store) else { return self.record == nil }
        await conclude(verdict, of: record, askedAt: askedAt, store)
        return true
    }

    /// The stored record when it is the one in memory; adopts it when it is another, and says what is wrong otherwise.
    private func confirmed(by store: SessionStore) async -> SessionRecord? {
        do throws(OAuthFailure) {
            guard let stored = try await queue.run({ () throws(OAuthFailure) in try store.load() }) else {
                record = nil
                machine.settle(.needsLogin(SessionTrouble(.neverLoggedIn, "the session file is gone")))
                return nil
            }
            guard let record, !record.isSucceeded(by: stored) else {
                version = await currentVersion()
                adopt(stored)
                return nil
            }
            // Somebody put an older file back; what it holds is spent, and step b writes ours over it.
            return record
        } catch {
            // Looked at again with every call, so that mending the file is enough.
            record = nil
            version = nil
            machine.settle(.misconfigured(SessionTrouble(.fileUnusable, error.sentence)))
            return nil
        }
    }

    /// Step c: asks for new tokens, as often as the episode allows; nil when another process brought some meanwhile.
    private func exchangeTokens(of record: SessionRecord, _ store: SessionStore) async -> RefreshVerdict? {
        var episode = RefreshEpisode(followsCrash: followsCrash, isOutcomeUnknown: isOutcomeUnknown)
        defer { isOutcomeUnknown = episode.isOutcomeUnknown }
        var isSigningIn = false
        while true {
            let reply = isSigningIn ? await method.signIn(record) : await method.refresh(record)
            switch episode.handle(reply) {
            case .finish(let verdict): return verdict
            case .signIn: isSigningIn = true
            case .sendAgain(let wait):
                let seconds = wait.lowerBound + (wait.upperBound - wait.lowerBound) * environment.jitter()
                try? await environment.sleeper.sleep(for: .seconds(seconds))
                guard await confirmed(by: store) != nil else { return nil }
            }
        }
    }

    /// Step d: what the server gave is on the disk before anybody looks at it.
    private func conclude(
        _ verdict: RefreshVerdict,
        of old: SessionRecord,
        askedAt: Double,
        _ store: SessionStore
    ) async {
        let now = environment.clock.now()
        switch verdict {
        case .rotated(let tokens):
            await keep(tokens, insteadOf: old, at: now, askedAt: askedAt, store)
        case .unusable(let body):
            let file = try? await queue.run { () throws(OAuthFailure) in try store.keep(body, at: now) }
            let trouble = SessionTrouble(
                .unusableAnswer,
                "a refresh was answered without tokens; see \(file ?? "the log")"
            )
            await enter(.quarantined(trouble), store)
        default:
            machine.refreshEnded(verdict, at: now, accessEnds: old.expiresAt, jitter: environment.jitter())
            if case .needsLogin = machine.state {
                await enter(machine.state, store)
            } else if !isOutcomeUnknown {
                // Nothing was spent, so a restart need not worry.
                await save(old, store)
            }
        }
    }

    private func keep(
        _ tokens: TokenSet,
        insteadOf old: SessionRecord,
        at now: Double,
        askedAt: Double,
        _ store: SessionStore
    ) async {
        var next = old
        next.generation += 1
        next.accessToken = tokens.accessToken
        next.refreshToken = tokens.refreshToken
        next.scope = tokens.scope ?? old.scope
        next.refreshedAt = now
        next.expiresAt = tokens.expiresIn.map { askedAt + $0 }
        next.intent = nil
        next.verdict = nil
        followsCrash = false
        isOutcomeUnknown = false
        do throws(OAuthFailure) {
            let doubt = try await queue.run { [next] () throws(OAuthFailure) in try store.save(next) }
            version = await currentVersion()
            record = next
            machine.rotated()
            if let doubt {
                // They are in the file; the next refresh is withheld for as long as the doubt lasts.
                environment.logger.error(
                    "rotated tokens are stored, but may not survive a power cut",
                    metadata: ["reason": "\(doubt.sentence)", "generation": "\(next.generation)"]
                )
            }
        } catch {
            record = next
            isUnsaved = true
            machine.rotated()
            machine.unsaved(error.sentence)
            environment.logger.error(
                "rotated tokens are in memory only; do not stop this process",
                metadata: ["reason": "\(error.sentence)", "generation": "\(next.generation)"]
            )
            rescueUnsaved()
        }
        environment.logger.info(
            "tokens renewed",
            metadata: ["did": "\(account)", "generation": "\(next.generation)", "token_mark": "\(next.tokenMark)"]
        )
        await examine(tokens, next, store)
    }

    /// The checks, after the tokens are safe.
    private func examine(_ tokens: TokenSet, _ next: SessionRecord, _ store: SessionStore) async {
        if configuration.kind == .appPassword {
            guard tokens.subject == account.text else {
                await enter(.quarantined(SessionTrouble(.wrongSubject, "the new session is of another account")), store)
                return
            }
            return
        }
        if let trouble = tokens.problem(account: account) {
            await enter(.quarantined(trouble), store)
            do throws(OAuthFailure) { try await method.revoke(next) } catch {
                environment.logger.warning("session not revoked", metadata: ["reason": "\(error.sentence)"])
            }
            await enter(.needsLogin(trouble), store)
        } else if !ScopeGrant(next.scope).allowsMessages(to: configuration.chatService) {
            await enter(.needsLogin(SessionTrouble(.scope, "the granted scope is “\(next.scope)”")), store)
        }
    }

    /// Enters a lasting state, in memory and on the disk; the lock is held.
    private func enter(_ verdict: SessionState, _ store: SessionStore) async {
        machine.settle(verdict)
        record?.verdict = verdict
        record?.intent = nil
        guard !isUnsaved, let record else { return }
        await save(record, store)
    }

    private func save(_ record: SessionRecord, _ store: SessionStore) async {
        do throws(OAuthFailure) {
            _ = try await queue.run { () throws(OAuthFailure) in try store.save(record) }
            version = await currentVersion()
        } catch {
            environment.logger.warning("session verdict not stored", metadata: ["reason": "\(error.sentence)"])
        }
    }
}
