import ATProtocol
import Firehose
import Logging
import Network
import OAuth
import Sandbox
import TestSupport
import Testing

@testable import LedgerStorage
@testable import Notifier

/// The whole of delivery over real HTTP against the sandbox: session, identities, owner lookup, chat and ledger.
final class FailureStage {
    /// How the sender is signed in.
    enum Session: Sendable {
        /// A Bearer token of an app password that may use direct messages; every answer reaches delivery.
        case password
        /// The same of one that may not.
        case unprivileged
        /// The daemon's own session: DPoP, nonces, refresh.
        case oauth
    }

    /// What was seen.
    struct Finding {
        var attempts: [RequestHistory.Attempt]
        var job: Job?
        var sender: PipelineStatus.Sender
    }

    let network: SandboxNetwork
    let bot: SandboxAccount
    let author: SandboxAccount
    let owner: SandboxAccount
    let client = MeddlingClient()
    var configuration: NotifierConfiguration
    var events: [StreamEvent] = []
    private let directory: TemporaryDirectory
    private let identities: IdentityResolver

    init() async throws {
        directory = try TemporaryDirectory()
        network = try await SandboxNetwork.start()
        // Hours go by while a call is thought about, too: no token ends in the middle of it.
        network.setPasswordAccessLifetime(1e9)
        network.authorizationServer.lifetimes.access = 7 * 86_400
        bot = try network.createAccount(handle: "bot.test")
        author = try network.createAccount(handle: "author.test")
        owner = try network.createAccount(handle: "owner.test")
        for account in [bot, owner] {
            try network.createRecord(
                by: account,
                collection: "com.example.project",
                record: ["name": "Engine"],
                key: "p1"
            )
        }
        configuration = try World.configuration()
        var rule = RuleText(
            name: "strict",
            collections: ["com.example.change.request"],
            references: .init(["subject"], accepts: ["at-uri", "strong-ref"]),
            message: "{{record.title}}"
        )
        rule.requiresProjectRecord = true
        configuration.rules = [try Rule(rule)]
        configuration.sending.firstLimitWait = .seconds(60)
        configuration.sending.probeInterval = .seconds(600)
        configuration.lookup.allowsLoopback = true
        configuration.lookup.firstWait = .seconds(15)
        identities = IdentityResolver(
            configuration: IdentityConfiguration(
                directory: network.plcURL,
                handleService: network.pdsURL,
                allowsLoopback: true
            ),
            client: client,
            clock: network.clock
        )
    }

    /// A change request of the author for the project of an account.
    func ask(of project: String? = nil, by writer: SandboxAccount? = nil) throws {
        let micros = UInt64(network.clock.now().microseconds) + UInt64(events.count)
        let key = TID(microseconds: micros, clock: 3)
        let record: JSONValue = [
            "$type": "com.example.change.request", "title": "Please mend the door",
            "subject": .string(project ?? "at://\(owner.did)/com.example.project/p1"),
        ]
        let position = StreamPosition(
            host: "stream.test",
            wire: .jetstream2,
            value: Int64(events.count + 1),
            witnessed: Int64(micros)
        )
        let commit = StreamEvent.Commit(
            operation: .create,
            collection: try NSID("com.example.change.request"),
            recordKey: try RecordKey(key.text),
            rev: key.text,
            cid: "cid",
            record: record
        )
        events.append(StreamEvent(position: position, did: (writer ?? author).did, body: .commit(commit)))
    }

    /// Suppresses the owner before anything is asked.
    func suppressOwner() async throws {
        let ledger = try await World.ledger(in: directory)
        try await ledger.suppressions.suppress(owner.did, reason: .ownerStopped, now: network.clock.now())
    }

    /// Runs delivery until the first request has come to its ending; hours go by whenever nothing happens.
    ///
    /// - Parameters:
    ///   - session: the sender's.
    ///   - ending: where it is to come to.
    ///   - settling: whether three hours more have to change nothing about it.
    /// - Returns: what was seen at the first sign of a failure, and at the end.
    /// - Throws: what the pipeline or the ledger throws.
    func run(
        _ session: any AccountSession,
        until ending: FailureRow.Ending,
        settling: Bool = false
    ) async throws -> (Finding, Finding) {
        if events.isEmpty { try ask() }
        let uri = try #require(events.first.flatMap(Self.uri))
        let ledger = try await World.ledger(in: directory)
        try await ledger.letNetworkAgree()
        let batchQueue = BatchQueue()
        #expect(batchQueue.offer(World.batch(events)))
        let pipeline = Pipeline(
            configuration: configuration,
            ledger: ledger,
            session: session,
            identities: identities,
            http: client,
            batchQueue: batchQueue,
            wallClock: network.clock,
            clock: HurriedClock(),
            logger: .silent
        )
        let running = Task { try await pipeline.run() }
        var first: Finding?
        var last = Finding(attempts: [], sender: .open)
        var isStill = 0
        var traffic = MeddlingClient.Traffic()
        var hours = 0
        let deadline = ContinuousClock.now + .seconds(200)
        while ContinuousClock.now < deadline {
            let history = try await ledger.desk.history(of: uri)
            let sender = try await pipeline.status().sender
            let now = Finding(attempts: history.attempts, job: history.jobs.first, sender: sender)
            if first == nil, now.attempts.contains(where: { $0.reason != nil }) { first = now }
            // No hour goes by in the middle of a request; what is done with its answer takes time on a busy machine.
            let seen = client.seen
            if seen != traffic { isStill = -16 }
            let isQuiet =
                !seen.isUnderWay && now.attempts.count == last.attempts.count && now.job?.state == last.job?.state
            isStill = isQuiet ? isStill + 1 : min(0, isStill)
            traffic = seen
            last = now
            let isOver = now.isAt(ending) && (first != nil || now.job?.state.isFinal == true)
            if isOver, !settling || hours >= 3 { break }
            // Nothing moves: it waits for a time.
            if isStill >= 8, first != nil {
                network.clock.advance(by: .seconds(3600))
                isStill = 0
                hours += 1
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        await pipeline.drain()
        try await running.value
        return (first ?? last, last)
    }

    private static func uri(_ event: StreamEvent) -> ATURI? {
        guard case .commit(let commit) = event.body else { return nil }
        return ATURI(event.did, commit.collection, commit.recordKey)
    }

    /// Signs the sender in.
    func signIn(_ session: Session) async throws -> any AccountSession {
        switch session {
        case .password: return try await PasswordSession(bot, network: network, http: client)
        case .unprivileged:
            return try await PasswordSession(bot, network: network, http: client, isPrivileged: false)
        case .oauth: break
        }
        let configuration = SessionConfiguration(
            account: bot.did,
            kind: .loopback,
            stateDirectory: directory.path,
            scope: .transition,
            allowsLoopback: true
        )
        let environment = SessionEnvironment(
            client: client,
            identities: identities,
            clock: network.clock,
            sleeper: HurriedClock(),
            logger: .silent
        )
        let login = OAuthLogin(configuration, environment)
        let page = try await client.send(
            HTTPRequest(.get, try await login.start(hint: bot.handle.text).authorizationURL)
        )
        _ = try await login.complete(page.headers["Location"] ?? "")
        return try await StoredSession.open(configuration, environment, isDaemon: true)
    }
}

extension FailureStage.Finding {
    /// Whether it has come to this ending.
    func isAt(_ ending: FailureRow.Ending) -> Bool {
        switch ending {
        case .delivered: return job?.state == .delivered
        case .dropped: return job?.state == .dropped
        case .deferred: return job?.state == .deferred
        case .paused:
            guard case .paused = sender else { return false }
            return true
        case .held:
            guard case .held = sender else { return false }
            return job?.state == .queued
        }
    }

    /// The first thing that the ledger says about a failure.
    var sign: FailureRow.Sign {
        if let attempt = attempts.first(where: { $0.reason != nil }), let reason = attempt.reason,
            let phase = CallPhase(rawValue: attempt.phase), let action = Verdict.Action(rawValue: attempt.outcome)
        {
            return .attempt(phase, action, reason)
        }
        return job?.reason.map { .refused($0) } ?? .nothing
    }
}
