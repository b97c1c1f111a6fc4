public import ATProtocol
internal import Logging
public import Network

/// The sender's session: it lives in a file, renews itself, and lets nobody see a token.
///
/// All decisions are ``SessionMachine``'s and ``RefreshEpisode``'s; this actor carries them out. A refresh runs in a task
/// of its own, one at a time in this process and, by a file lock, on this machine; callers come and go without touching
/// it.
public actor StoredSession: AccountSession {
    /// The account that the calls are made for.
    public nonisolated let account: DID
    let configuration: SessionConfiguration
    let environment: SessionEnvironment
    let method: any SessionMethod
    let queue = BlockingQueue()
    /// Nil when the store cannot even be opened: the key of its encryption is missing.
    let store: SessionStore?
    let instanceLock: (any FileLock)?

    var record: SessionRecord?
    /// The version of the file that ``record`` was read from or written as.
    var version: FileStatus?
    /// Whether ``record`` holds tokens that the disk does not.
    var isUnsaved = false
    /// Whether an earlier process may have spent the stored refresh token.
    var followsCrash = false
    /// Whether this process may have spent it without seeing the answer.
    var isOutcomeUnknown = false
    /// The access token that the PDS refused last, by generation: it is not shown again.
    var refusedGeneration: Int64?
    var machine = SessionMachine()
    /// Why the lock could not be taken the last time it was wanted; nil when it could, or another process held it.
    var lockFailure: OAuthFailure?
    var flight: Task<Void, Never>?
    var rescue: Task<Void, Never>?
    var paperwork: Task<Void, Never>?
    var waiters: [Int: CheckedContinuation<Bool, Never>] = [:]
    var nextWaiter = 0
    var timetable = SessionTimetable()
    /// Renewals that ended, by result: `ok`, or the reason of the trouble.
    var renewals: [String: Int64] = ["ok": 0]
    /// Whether the operator knows that messages wait for an access token.
    var hasAlarmed = false
    /// What was wrong last, and when it was seen; it may have passed.
    private(set) var lastTrouble: (trouble: SessionTrouble, at: Double)?
    private var reported = SessionState.ok

    private init(
        _ configuration: SessionConfiguration,
        _ environment: SessionEnvironment,
        store: SessionStore?,
        instanceLock: (any FileLock)?
    ) {
        account = configuration.account
        self.configuration = configuration
        self.environment = environment
        self.store = store
        self.instanceLock = instanceLock
        method =
            configuration.kind == .appPassword
            ? AppPasswordMethod(configuration, environment) : OAuthMethod(configuration, environment)
    }

    /// Opens the stored session of an account; what is wrong with it shows in ``status()`` and at the first call.
    ///
    /// - Parameters:
    ///   - configuration: whose session, of which kind.
    ///   - environment: clients, clock and file system.
    ///   - isDaemon: takes the lock that keeps a second daemon away until this object ends.
    /// - Returns: the session.
    /// - Throws: ``OAuthFailure`` of code ``OAuthFailure/Code/busy`` when another daemon uses the session, or
    ///   ``OAuthFailure/Code/storage`` when the state directory cannot be used.
    public static func open(
        _ configuration: SessionConfiguration,
        _ environment: SessionEnvironment,
        isDaemon: Bool = false
    ) async throws(OAuthFailure) -> StoredSession {
        var store: SessionStore?
        var problem: OAuthFailure?
        do throws(OAuthFailure) {
            store = try SessionStore(configuration, environment.files)
        } catch {
            problem = error
        }
        var lock: (any FileLock)?
        if isDaemon, let store {
            let queue = BlockingQueue()
            lock = try await queue.run { () throws(OAuthFailure) in try store.lockInstance() }
            guard lock != nil else {
                throw OAuthFailure(
                    code: .busy,
                    sentence: "Another daemon uses the session in \(configuration.stateDirectory); stop it first."
                )
            }
        }
        let session = StoredSession(configuration, environment, store: store, instanceLock: lock)
        await session.start(problem)
        return session
    }

    private func start(_ problem: OAuthFailure?) async {
        timetable.start(at: environment.clock.now(), jitter: environment.jitter())
        if let problem {
            machine.settle(.misconfigured(SessionTrouble(.fileUnusable, problem.sentence)))
        } else {
            await reload()
        }
        report()
        if configuration.kind == .loopback, let end = record?.endsAt {
            environment.logger.warning(
                "session is a trial and ends whatever one does",
                metadata: [
                    "did": "\(account)", "ends": "\(CalendarDate(end))", "run": "impact-notifier session status",
                ]
            )
        }
    }

    /// Makes one call on the account's PDS and returns its answer, errors of the called service included.
    ///
    /// - Throws: ``SessionFailure`` when no answer to the call can be had; ``SessionFailure/mayHaveBeenSent`` tells
    ///   whether it may have been carried out.
    public func send(_ call: XRPCCall) async throws(SessionFailure) -> HTTPResponse {
        await pickUp()
        let first = try await usableRecord()
        let response = try await exchange(call, first)
        guard case .tokenRefused(let detail) = try judge(response, call, first) else { return response }
        // Row 4: somebody may have renewed the tokens meanwhile; if not, one refresh, and the call once more.
        if isCurrent(first) { refusedGeneration = first.generation }
        let second = try await usableRecord()
        let again = try await exchange(call, second)
        guard case .tokenRefused = try judge(again, call, second) else { return again }
        await freshTokenRefused(detail)
        throw failure()
    }

    /// Whether a record is still the one in use.
    func isCurrent(_ old: SessionRecord) -> Bool {
        record?.generation == old.generation && record?.loginID == old.loginID
    }

    /// One exchange with the PDS; a replayed proof of a query is repeated, since a query changes nothing.
    private func exchange(_ call: XRPCCall, _ record: SessionRecord) async throws(SessionFailure) -> HTTPResponse {
        guard let pds = try? WebURL(record.pds),
            pds.scheme == .https || (configuration.allowsLoopback && pds.isLoopback)
        else { throw SessionFailure(code: .misconfigured, sentence: "The stored PDS \(record.pds) is not https.") }
        do throws(OAuthFailure) {
            let response = try await method.send(call.request(to: pds), record)
            guard call.kind == .query, ResourceReply(response, kind: record.kind) == .proofReplayed else {
                return response
            }
            return try await method.send(call.request(to: pds), record)
        } catch {
            if let transport = error.transport { throw SessionFailure(transport) }
            throw SessionFailure(code: .misconfigured, sentence: error.sentence)
        }
    }

    /// Why no call is possible just now.
    func failure() -> SessionFailure {
        let trouble = machine.state.trouble
        let detail = trouble.map { "\($0.reason.rawValue): \($0.detail)" } ?? "the access token has ended"
        switch machine.state {
        case .ok, .degraded:
            return SessionFailure(
                code: .refreshUnavailable,
                sentence: "The session cannot be used just now: \(detail)."
            )
        case .needsLogin:
            return SessionFailure(code: .needsLogin, sentence: "The session needs a login: \(detail).")
        case .misconfigured:
            return SessionFailure(code: .misconfigured, sentence: "The session is misconfigured: \(detail).")
        case .quarantined:
            return SessionFailure(code: .quarantined, sentence: "The session was set aside: \(detail).")
        }
    }

    /// The record to make a call with, renewed when it is due.
    private func usableRecord() async throws(SessionFailure) -> SessionRecord {
        // A token is about to end by the rule of the reference client.
        if let record, admission.wantsRenewal(at: environment.clock.now(), margin: 10 + 30 * environment.jitter()) {
            try await refresh(insteadOf: record)
        }
        let hindrance = admission.hindrance(at: environment.clock.now())
        if case .mismatch(let trouble)? = hindrance {
            machine.settle(.misconfigured(trouble))
            report()
        }
        guard let record, hindrance == nil else { throw failure() }
        return record
    }

    /// What calls are let through by, as things stand.
    var admission: CallAdmission {
        CallAdmission(
            record: record,
            machine: machine,
            mismatch: record.flatMap { method.mismatch(with: $0) },
            isRefused: record.map { $0.generation == refusedGeneration } ?? false,
            isUnsaved: isUnsaved,
            followsCrash: followsCrash
        )
    }

    /// Logs a change of state once, and tells what to do.
    func report() {
        let state = machine.state
        if let trouble = state.trouble, trouble != lastTrouble?.trouble || state != reported {
            lastTrouble = (trouble, environment.clock.now())
        }
        guard state.name != reported.name || state.trouble?.reason != reported.trouble?.reason else { return }
        reported = state
        SessionReport(environment.logger, configuration).entered(state)
        _ = machine.takesReminder(at: environment.clock.now())
    }
}

extension SessionStore {
    /// The store that a configuration describes, with the key of its encryption.
    init(_ configuration: SessionConfiguration, _ files: any SessionFileSystem) throws(OAuthFailure) {
        let key = try configuration.encryptionKeyPath.map { path throws(OAuthFailure) in
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
