public import ATProtocol
public import Logging
public import Network

/// Follows the network's stream across host failures, restarts and silence, and fills a queue with the wanted events.
///
/// It follows one host at a time, or several hosts that deliver the same events; the consumer of the queue then
/// recognises duplicates by their content.
///
/// Each connection resumes a little before the last accepted position and must show an event that is already known. If
/// it does not, a gap is declared. After every end except cancellation there is another attempt.
public actor StreamFollower {
    /// What each host has delivered and missed.
    package nonisolated let hosts: HostCoverage
    /// The single queue for everything that must be stored in order, shared by all hosts.
    ///
    /// So no position overtakes an earlier event whose signature is still being checked.
    package nonisolated let entrance: BatchQueue

    private let configuration: StreamConfiguration
    private let positions: any PositionStore
    /// The path of all batches to the queue when signatures are checked.
    private let signatureStage: SignatureStage?
    /// Whether signatures should be checked, but there is no resolver for the keys.
    private let isUncheckable: Bool
    private let transport: any StreamTransport
    private let clock: any WallClock
    private let steady: any WallClock
    private let sleeper: any Clock<Duration>
    private let logger: Logger
    private var known: [StoredPosition] = []
    /// Hosts whose position is useless, and why, until they give a new one, with the gap before it.
    private var distrusted: [Upstream: StreamGap.Reason] = [:]
    /// For each host, the message that was too large and ended its last connection.
    private var poisonMessages: [Upstream: PoisonMessage] = [:]
    /// The open connections.
    private var sessions: [Upstream: StreamSession] = [:]
    private var rotation = HostRotation([])
    private let quiet: QuietWatch
    private var generator: any RandomNumberGenerator & Sendable

    init(
        configuration: StreamConfiguration,
        positions: any PositionStore,
        batchQueue: BatchQueue,
        identities: (any IdentityResolving)?,
        transport: any StreamTransport,
        clock: any WallClock,
        steady: (any WallClock)? = nil,
        sleeper: any Clock<Duration>,
        generator: any RandomNumberGenerator & Sendable,
        logger: Logger
    ) {
        self.configuration = configuration
        self.positions = positions
        let isChecked = configuration.verification != .off && configuration.hosts.contains { Upstream.isRelay($0.url) }
        signatureStage = identities.flatMap { identities in
            guard isChecked else { return nil }
            let verifier = SignatureVerifier(identities: identities, logger: logger)
            return SignatureStage(verifier: verifier, destination: batchQueue)
        }
        entrance = signatureStage?.entrance ?? batchQueue
        hosts = HostCoverage(configuration, logger: logger)
        quiet = QuietWatch(timeout: configuration.stallTimeout)
        isUncheckable = isChecked && identities == nil
        self.transport = transport
        self.clock = clock
        self.steady = steady ?? clock
        self.sleeper = sleeper
        self.generator = generator
        self.logger = logger
    }

    /// A follower that has not connected yet.
    ///
    /// - Parameters:
    ///   - configuration: hosts, collections, time limits.
    ///   - positions: the store with the positions of earlier runs.
    ///   - batchQueue: receives the wanted events; several followers may share one.
    ///   - identities: resolves the keys that sign a relay's commits; not needed for Jetstream.
    ///   - clock: the wall clock.
    ///   - steady: a steady clock for waits; nil for the wall clock.
    ///   - logger: gets a line for each connection, its end and its proof of continuity.
    public init(
        configuration: StreamConfiguration,
        positions: any PositionStore,
        batchQueue: BatchQueue,
        identities: (any IdentityResolving)? = nil,
        clock: any WallClock = SystemClock(),
        steady: (any WallClock)? = nil,
        logger: Logger
    ) {
        self.init(
            configuration: configuration,
            positions: positions,
            batchQueue: batchQueue,
            identities: identities,
            transport: WebSocketTransport(configuration: configuration, logger: logger),
            clock: clock,
            steady: steady,
            sleeper: ContinuousClock(),
            generator: SystemRandomNumberGenerator(),
            logger: logger
        )
    }

    /// Follows the stream until the task is cancelled.
    ///
    /// - Throws: ``FirehoseError`` when no attempt can succeed: no usable host, unreadable positions.
    public func run() async throws(FirehoseError) {
        let upstreams = try upstreams()
        do { known = try await positions.positions() } catch {
            throw FirehoseError(code: .storage, sentence: "the stored stream positions cannot be read: \(error)")
        }
        let names = upstreams.map(\.name)
        let count = max(1, min(configuration.parallelHosts, Set(names).count))
        rotation = HostRotation(names)
        StreamMetrics.announce(names)
        async let passed: Void? = signatureStage?.run()
        await withDiscardingTaskGroup { group in
            for _ in 0..<count {
                group.addTask { await self.follow(upstreams) }
            }
        }
        _ = await passed
    }

    private func follow(_ upstreams: [Upstream]) async {
        while !Task.isCancelled {
            let (index, wait) = rotation.take(at: steady.now())
            let host = upstreams[index]
            if wait > .zero {
                let seconds = Int(wait.inSeconds.rounded(.up))
                logger.info(
                    "stream waits before it connects again",
                    metadata: ["host": "\(host.name)", "next_s": .stringConvertible(seconds)]
                )
                do { try await sleeper.sleep(for: wait) } catch { return }
            }
            await entrance.waitForRoom()
            let better = rotation.betterHostFree(than: index)
            let failBackAt = better.map { max($0, steady.now()) + configuration.failBackDelay }
            guard let ending = await follow(host, failBackAt: failBackAt) else { return }
            var generator = SystemOrGiven(base: generator)
            rotation.ended(index, ending, at: steady.now(), using: &generator)
            self.generator = generator.base
        }
    }

    private func upstreams() throws(FirehoseError) -> [Upstream] {
        guard !configuration.hosts.isEmpty else {
            throw FirehoseError(code: .configuration, sentence: "no stream host is configured")
        }
        guard !isUncheckable else {
            throw FirehoseError(
                code: .configuration,
                sentence: "a relay's commits cannot be verified without resolving identities"
            )
        }
        var upstreams: [Upstream] = []
        for source in configuration.hosts {
            upstreams.append(try Upstream(source, allowsLoopback: configuration.allowsLoopback))
        }
        return upstreams
    }

    /// Makes one connection; nil when the task was cancelled.
    private func follow(_ host: Upstream, failBackAt: UnixTime?) async -> HostRotation.Ending? {
        for session in sessions.values { session.accepted.map(remember) }
        var resume = ResumePoint(
            host: host.name,
            wire: host.wire,
            known: known,
            open: Set(sessions.filter { $0.value.accepted != nil }.keys),
            distrusted: distrusted[host],
            now: clock.now(),
            configuration: configuration
        )
        if let poison = poisonMessages[host] { resume.avoid(poison, on: host.wire) }
        guard prepare(host, resume) else { return .willing }
        logger.info(
            "stream connecting",
            metadata: ["host": "\(host.name)", "wire": "\(host.wire)", "cursor": "\(resume.cursor)"]
        )
        let session = StreamSession()
        let reader = StreamReader(
            host: host,
            configuration: configuration,
            resume: resume,
            batchQueue: entrance,
            session: session,
            hosts: hosts,
            quiet: quiet,
            clock: clock,
            steady: steady,
            failBackAt: failBackAt,
            logger: logger
        )
        let request = StreamRequest(
            host,
            resume.cursor,
            collections: configuration.collections,
            maximumMessage: resume.leavesOutLargeMessages ? configuration.maximumMessage : nil
        )
        sessions[host] = session
        quiet.begin(host.name)
        let end = await transport.run(request, reader)
        sessions[host] = nil
        hosts.ended(host)
        quiet.end(host.name)
        if let accepted = session.accepted {
            remember(accepted)
            distrusted[host] = nil
        }
        return conclude(host, session, end)
    }

    /// Stores where a first reading begins; false when the queue is full.
    private func prepare(_ host: Upstream, _ resume: ResumePoint) -> Bool {
        guard known.isEmpty else { return true }
        // Position 0 means none: after a crash before the first event, reading begins at this time again.
        let start = StreamPosition(host: host.name, wire: host.wire, value: 0, witnessed: resume.witnessed)
        let stored = StoredPosition(position: start)
        guard entrance.offer(StreamBatch(position: stored)) else { return false }
        remember(stored)
        return true
    }

    private func remember(_ stored: StoredPosition) {
        known.removeAll {
            $0.position.host == stored.position.host && $0.position.wire == stored.position.wire
        }
        known.append(stored)
    }

    private func conclude(
        _ host: Upstream,
        _ session: StreamSession,
        _ end: StreamTransportEnd
    ) -> HostRotation.Ending? {
        let (reason, words) = session.ending?.description ?? end.description
        var advice: String?
        if session.ending == nil, case .refused(let status, _, _, _) = end { advice = host.source.advice(on: status) }
        let detail = [words, advice ?? ""].filter { !$0.isEmpty }.joined(separator: "; ")
        StreamMetrics(upstream: host.name).disconnected(end == .cancelled ? "cancelled" : reason)
        if end == .cancelled { return nil }
        logger.warning(
            "stream disconnected",
            metadata: ["host": "\(host.name)", "reason": "\(reason)", "detail": "\(detail)"]
        )
        if end.isTooLarge { return meetPoison(host, after: session.last) }
        if let poison = poisonMessages[host], let accepted = session.accepted, accepted.position.value > poison.place {
            poisonMessages[host] = nil
        }
        switch session.ending {
        case .queueFull, .failBack, .poisonPassed: return .willing
        case .stalled: return .stalled
        case .quiet: return .quiet
        case .positionGivenUp(let reason):
            distrust(host, reason)
            return .failed(wasHealthy: session.isHealthy)
        case .serverError, nil: break
        }
        switch end {
        case .refused(400, "CursorTooOld", _, _):
            distrust(host, .cursorTooOld)
            return .failed(wasHealthy: false)
        case .refused(429, _, _, let retryAfter): return .limited(retryAfter: retryAfter)
        case .refused(let status, _, _, _) where StreamTransportEnd.lasting.contains(status): return .refused
        case .refused(_, _, _, let retryAfter?): return .limited(retryAfter: retryAfter)
        default: return .failed(wasHealthy: session.isHealthy)
        }
    }

    /// Records that the host sends a message that is too large, and would send it again.
    private func meetPoison(_ host: Upstream, after place: Int64) -> HostRotation.Ending {
        poisonMessages[host, default: PoisonMessage(after: place)].meet(after: place)
        return .failed(wasHealthy: poisonMessages[host]?.meetings == 1)
    }

    /// Records that the host's position is useless, so that the next connection begins by time.
    private func distrust(_ host: Upstream, _ reason: StreamGap.Reason) {
        distrusted[host] = reason
        poisonMessages[host] = nil
    }
}

/// Passes an existential generator to a generic function.
private struct SystemOrGiven: RandomNumberGenerator {
    var base: any RandomNumberGenerator & Sendable

    mutating func next() -> UInt64 { base.next() }
}
