internal import ATProtocol
internal import Network

/// The session's record in memory and on the disk, and the refresh that replaces its tokens.
///
/// ``SessionMachine`` and ``RefreshAttempt`` decide; this actor carries it out. A refresh runs in its own task, only
/// one at a time in this process and, by a file lock, on this machine. It goes on when its callers are cancelled.
actor TokenKeeper {
    private let configuration: SessionConfiguration
    private let environment: SessionEnvironment
    private let uptime: @Sendable () -> Double
    /// The store; nil when it cannot be opened because its encryption key is missing.
    private let vault: SessionVault?
    /// Whether this process holds the lock against a second daemon.
    private let isDaemon: Bool
    /// How tokens are renewed and how a request carries them.
    private(set) var scheme: any TokenScheme

    private var record: SessionRecord?
    /// The version of the file that ``record`` was read from or written to.
    private var version: FileStatus?
    /// Whether ``record`` has tokens that are not on the disk.
    private var isUnsaved = false
    /// Whether an earlier process may have spent the stored refresh token.
    private var followsCrash = false
    /// Whether this process may have spent it without receiving the response.
    private var isOutcomeUnknown = false
    /// The generation whose access token the PDS refused; it is not sent again.
    private var refusedGeneration: Int64?
    private var machine = SessionMachine()
    private var report: SessionReport
    /// The number of finished renewals, by result: `ok`, or the problem's reason.
    private var renewals: [String: Int64] = ["ok": 0]
    private var isDraining = false
    private var refreshTask: Task<Void, Never>?
    private var saveRetryTask: Task<Void, Never>?
    private var stateWriteTask: Task<Void, Never>?

    init(
        _ configuration: SessionConfiguration,
        _ environment: SessionEnvironment,
        _ vault: SessionVault?,
        isDaemon: Bool
    ) {
        self.isDaemon = isDaemon
        self.configuration = configuration
        self.environment = environment
        self.vault = vault
        uptime = environment.sleeper.stopwatch()
        report = SessionReport(environment.logger, configuration.account)
        scheme = configuration.scheme(environment)
    }

    /// Reads the store for the first time; if it cannot be opened, that becomes the state.
    func start(_ problem: OAuthError?) async {
        if let problem {
            hold(nil, .misconfigured(SessionProblem(.fileUnusable, problem.sentence)))
        } else {
            await reload()
        }
        note()
    }

    private var now: SessionTime { SessionTime(date: environment.clock.now(), uptime: uptime()) }

    /// The current state.
    var snapshot: SessionSnapshot {
        let admission = CallAdmission(
            record: record,
            machine: machine,
            isRefused: record.map { $0.generation == refusedGeneration } ?? false,
            isUnsaved: isUnsaved,
            followsCrash: followsCrash
        )
        let now = now
        let lastProblem = report.lastProblem(in: machine.state, at: now)
        return SessionSnapshot(admission: admission, renewals: renewals, lastProblem: lastProblem, now: now)
    }

    /// Logs what is new about the session, and repeats what is due again.
    func note() {
        let snapshot = snapshot
        let obstacle = snapshot.admission.obstacle(at: snapshot.now, chatService: configuration.chatService)
        report.note(machine.state, obstacle: obstacle, at: snapshot.now)
    }

    /// Why no call is possible now.
    var failure: SessionError { SessionError(machine.state) }

    /// The record for a call; renews its tokens first if that is due.
    func usableRecord() async throws(SessionError) -> SessionRecord {
        await pickUp()
        // The margin before a token's end is the reference client's.
        if let record, snapshot.admission.wantsRenewal(at: now, margin: .seconds(10 + 30 * environment.jitter())) {
            try await renew(insteadOf: record)
        }
        if let record, snapshot.admission.hindrance(at: now) == nil { return record }
        throw failure
    }

    /// Records that the PDS refused a record's access token.
    func tokenRefused(of old: SessionRecord) {
        if record?.isSameGeneration(as: old) == true { refusedGeneration = old.generation }
    }

    /// Records a finding about a record; ignores it if there has been a new login.
    func take(_ finding: SessionFinding, about old: SessionRecord) {
        guard record?.loginID == old.loginID else { return }
        let known = machine
        machine.take(finding, at: now, jitter: environment.jitter())
        if machine != known { keepState() }
    }

    /// Records that the account is still at the session's authorization server.
    ///
    /// - Parameters:
    ///   - pds: the origin of the account's current PDS.
    ///   - endpoints: the server's endpoints, if they have changed.
    ///   - asked: the record that was checked; ignored if there has been a new login.
    func homeConfirmed(at pds: String, _ endpoints: SessionRecord.Binding?, of asked: SessionRecord) async {
        await refreshTask?.value
        guard record?.loginID == asked.loginID, let old = record?.pds else { return }
        machine.homeConfirmed()
        if old != pds {
            scheme.forget(old)
            record?.pds = pds
            report.moved(to: pds)
        }
        if let endpoints { record?.binding = endpoints }
        keepState(isMoved: old != pds || endpoints != nil)
        await stateWriteTask?.value
    }

    /// Reads the file if it has changed, so that a new login needs no restart.
    func pickUp() async {
        defer { note() }
        guard refreshTask == nil, saveRetryTask == nil, let vault else { return }
        let current = await vault.version()
        guard refreshTask == nil else { return }
        if current != version { await reload() } else if machine.misfit != nil { await noticeMisfit() }
    }

    private func reload() async {
        guard let vault else { return }
        let version = await vault.version()
        do throws(OAuthError) {
            let stored = try await vault.load()
            self.version = version
            if let stored { return await adopt(stored) }
            let detail = "there is no session in \(configuration.stateDirectory)"
            hold(nil, .needsLogin(SessionProblem(.neverLoggedIn, detail)))
        } catch {
            hold(nil, .misconfigured(SessionProblem(.fileUnusable, error.sentence)))
        }
    }

    /// Whether the store has the record that is in memory; otherwise adopts the stored one, or records the problem.
    private func isConfirmed(by vault: SessionVault) async -> Bool {
        do throws(OAuthError) {
            guard let stored = try await vault.load() else {
                hold(nil, .needsLogin(SessionProblem(.neverLoggedIn, "the session file is gone")))
                return false
            }
            // If somebody restored an older file, its tokens are spent, and our next write replaces it.
            if let record, !record.isSucceeded(by: stored) {
                // A daemon may have begun a refresh meanwhile, and have its tokens in memory only.
                if !isDaemon, stored.isInterrupted { followsCrash = true }
                return true
            }
            version = await vault.version()
            await adopt(stored)
        } catch {
            hold(nil, .misconfigured(SessionProblem(.fileUnusable, error.sentence)))
        }
        return false
    }

    /// Adopts a record from the store.
    private func adopt(_ stored: SessionRecord) async {
        guard record?.isSucceeded(by: stored) ?? true else { return }
        report.adopted(stored, insteadOf: record)
        hold(stored, nil)
        await noticeMisfit()
    }

    /// Uses a stored record, or none for this reason.
    private func hold(_ stored: SessionRecord?, _ reason: SessionState?) {
        record = stored
        isUnsaved = false
        isOutcomeUnknown = false
        refusedGeneration = nil
        followsCrash = stored?.isInterrupted ?? false
        if let stored { machine.begin(stored, at: now) }
        if let reason { machine.settle(reason) }
        // Read the file again at each call, so that it is enough to repair it.
        if case .misconfigured? = reason { version = nil }
    }

    /// Checks, only here, whether the record fits the configuration; a repaired file needs no restart.
    private func noticeMisfit() async {
        if machine.misfit != nil {
            let (configuration, environment) = (configuration, environment)
            scheme = await BlockingQueue().run { configuration.scheme(environment) }
        }
        machine.misfit = record.flatMap { scheme.misfit(of: $0, under: configuration) }
    }

    /// Stores the session's state except its tokens, and logs what is new.
    private func keepState(isMoved: Bool = false) {
        note()
        guard let known = record else { return }
        record?.take(machine, at: environment.clock.now())
        guard isMoved || record?.isSameState(as: known) == false else { return }
        let earlier = stateWriteTask
        stateWriteTask = Task {
            await earlier?.value
            await refreshTask?.value
            await writeState()
        }
    }

    private func writeState() async {
        guard let vault, let lock = try? await vault.lock() else { return }
        defer { lock.unlock() }
        guard let stored = (try? await vault.load()) ?? nil, var next = record, !isUnsaved,
            !next.isSucceeded(by: stored)
        else { return }
        next.intent = stored.intent
        await save(next, vault)
    }

    /// Writes a record whose tokens are on the disk already; the lock must be held.
    private func save(_ record: SessionRecord, _ vault: SessionVault) async {
        do throws(OAuthError) {
            try await vault.save(record)
            version = await vault.version()
        } catch {
            report.stateNotStored(error)
        }
    }

    /// Waits until the tokens of `old` are replaced, or cannot be replaced now.
    ///
    /// A cancelled caller stops waiting; the refresh goes on.
    func renew(insteadOf old: SessionRecord) async throws(SessionError) {
        guard record?.isSameGeneration(as: old) == true, refreshTask != nil || machine.admitsRefresh(at: now) else {
            return
        }
        let task =
            refreshTask
            ?? Task {
                if let result = await refresh() { renewals[result, default: 0] += 1 }
                refreshTask = nil
                note()
            }
        refreshTask = task
        guard await Unhurried.answer(to: { await task.value }) != nil else {
            throw SessionError(
                HTTPError(code: .cancelled, origin: old.pds, detail: "the call was cancelled", mayHaveBeenSent: false)
            )
        }
    }

    /// Waits until a refresh in progress has ended and its tokens are on the disk; called before the process ends.
    func drain() async {
        isDraining = true
        defer { isDraining = false }
        await refreshTask?.value
        await saveRetryTask?.value
        await stateWriteTask?.value
    }

    /// Makes one refresh under the session's lock.
    ///
    /// - Returns: `ok` or the reason of a failure; nil when there was no renewal, because another process's tokens were
    ///   adopted or our own were only written to the disk.
    private func refresh() async -> String? {
        guard let vault else { return nil }
        let lock: (any FileLock)?
        do throws(OAuthError) { lock = try await vault.lock() } catch {
            return failed(.postponed(.storage, error.sentence))
        }
        guard let lock else { return failed(.postponed(.lockBusy, "another process holds the session's lock")) }
        defer { lock.unlock() }
        if isUnsaved {
            await saveUnsaved(vault)
            return isUnsaved ? SessionProblem.Reason.unsaved.rawValue : nil
        }
        guard await isConfirmed(by: vault), let record else { return self.record == nil ? reason : nil }
        await noticeMisfit()
        if let misfit = machine.misfit { return misfit.reason.rawValue }
        if followsCrash, !isDaemon, await vault.isHeldByDaemon {
            return failed(
                .postponed(.lockBusy, "the daemon began to renew the tokens, and what came of it is not stored")
            )
        }
        let refresh = TokenRefresh(scheme: scheme, vault: vault, environment: environment) {
            // The process ends; the next one will repeat the request.
            guard !self.isDraining else { return false }
            return await self.isConfirmed(by: vault)
        }
        let attempt = RefreshAttempt(followsCrash: followsCrash, isOutcomeUnknown: isOutcomeUnknown)
        let outcome = await refresh.run(record, attempt) { next in
            var machine = machine
            machine.rotated(unsaved: nil)
            next.take(machine, at: next.refreshedAt)
        }
        version = await vault.version()
        switch outcome {
        case .withheld(let failure): return failed(.postponed(.storage, failure.sentence))
        case .overtaken: return self.record == nil ? reason : nil
        case .failed(let verdict, var record, let isOutcomeUnknown):
            self.isOutcomeUnknown = isOutcomeUnknown
            let result = failed(verdict)
            record.take(machine, at: environment.clock.now())
            self.record = record
            self.record?.intent = nil
            // The intent is not needed if no token was spent, or if the session is over.
            if !isOutcomeUnknown || machine.isOver { record.intent = nil }
            await save(record, vault)
            return result
        case .rotated(let tokens, let next, let saving):
            self.record = next
            followsCrash = false
            isOutcomeUnknown = false
            report.rotated(next, saving)
            if case .failed(let failure) = saving {
                isUnsaved = true
                machine.rotated(unsaved: failure.sentence)
                retrySaving(vault)
            } else {
                machine.rotated(unsaved: nil)
            }
            await examine(tokens, next, vault)
            return machine.isOver || isUnsaved ? reason : "ok"
        }
    }

    /// The reason of the state's problem.
    private var reason: String { machine.state.problem?.reason.rawValue ?? "ok" }

    private func failed(_ verdict: RefreshVerdict) -> String? {
        machine.refreshFailed(verdict, at: now, accessEnds: record?.expiresAt, jitter: environment.jitter())
        return machine.isOver ? reason : machine.refreshes.state?.problem?.reason.rawValue
    }

    /// Checks the tokens after they are stored.
    private func examine(_ tokens: TokenSet, _ next: SessionRecord, _ vault: SessionVault) async {
        if let problem = tokens.problem(account: configuration.account, kind: configuration.kind) {
            await enter(.quarantined(problem), vault)
            do throws(OAuthError) { try await scheme.revoke(next) } catch { report.notRevoked(error) }
            await enter(.needsLogin(problem), vault)
        } else if configuration.kind != .appPassword,
            !ScopeGrant(next.scope).allowsMessages(to: configuration.chatService)
        {
            await enter(.needsLogin(SessionProblem(.scope, "the granted scope is '\(next.scope)'")), vault)
        }
    }

    /// Sets a state that waiting does not change, in memory and on the disk; the lock must be held.
    private func enter(_ state: SessionState, _ vault: SessionVault) async {
        machine.settle(state)
        record?.take(machine, at: environment.clock.now())
        if !isUnsaved, let record { await save(record, vault) }
    }

    /// Retries to write tokens that are only in memory until it succeeds, because the session depends on them.
    private func retrySaving(_ vault: SessionVault) {
        guard saveRetryTask == nil else { return }
        saveRetryTask = Task {
            var backoff = Backoff(base: .seconds(1), limit: .seconds(60))
            while isUnsaved {
                try? await environment.sleeper.sleep(for: backoff.next())
                guard let lock = try? await vault.lock() else { continue }
                await saveUnsaved(vault)
                lock.unlock()
            }
            saveRetryTask = nil
            note()
        }
    }

    /// Tries to write tokens that are only in memory; the lock must be held.
    private func saveUnsaved(_ vault: SessionVault) async {
        guard isUnsaved, let record else { return }
        do throws(OAuthError) {
            if let stored = try await vault.load(), record.isSucceeded(by: stored) {
                // There was a new login; its tokens replace ours.
                return await adopt(stored)
            }
            try await vault.save(record)
            version = await vault.version()
            isUnsaved = false
            machine.saved()
            report.savedAfterAll(record)
        } catch {
            report.unsaved(record, error)
        }
    }
}
