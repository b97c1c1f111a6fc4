internal import Logging
internal import Network

/// Handles a connection's messages on its thread: decodes, checks continuity, hands over, and never waits.
struct StreamReader: ~Copyable {
    /// How this connection relates to what was read from the host before.
    private enum Stretch {
        /// It continues, once that is proven.
        case continues
        /// It is a new start.
        case begins
        /// The comparison has been told.
        case told
    }

    /// How much earlier than the requested time a host may begin, in microseconds, with a margin.
    private static let earliness: Int64 = 7_200_000_000

    private let host: Upstream
    private let name: String
    private let configuration: StreamConfiguration
    private let resume: ResumePoint
    private let batchQueue: BatchQueue
    private let session: StreamSession
    private let hosts: HostCoverage
    private let quiet: QuietWatch
    private let clock: any WallClock
    private let steady: any WallClock
    private let metrics: StreamMetrics
    private let logger: Logger
    /// When to leave for a preferred host, on the steady clock.
    private let failBackAt: UnixTime?

    private var decoder: WireDecoder
    private var check: ContinuityCheck
    private var overlap: ResumeOverlap
    private var pending = StreamBatch()
    private var reached: Int64
    private var published: Int64
    private var hasProgressed = false
    /// Whether a new event came from this host, and whether every host delivers such events.
    private var (hasNews, hasNewsForAll) = (false, false)
    private var hasEnded = false
    private var hasGap = false
    private var hasCrossedGap = false
    /// Whether only our clock says where reading began.
    private var isBeginningDoubtful: Bool
    /// The last gap and when it was declared, on the steady clock; nil when its end is certain.
    private var lastGap: (gap: StreamGap, at: UnixTime)?
    private var stretch: Stretch
    /// The first position after a message that is too large.
    private var passedAt: Int64?
    private var openedAt: ContinuousClock.Instant?
    private var lastProgress = ContinuousClock.now
    private var lastPublication: ContinuousClock.Instant?
    private var recorder: FlightRecorder?
    private var notices: NoticeReport
    private var passed = 0
    private var bytes = 0

    init(
        host: Upstream,
        configuration: StreamConfiguration,
        resume: ResumePoint,
        batchQueue: BatchQueue,
        session: StreamSession,
        hosts: HostCoverage,
        quiet: QuietWatch,
        clock: any WallClock,
        steady: any WallClock,
        failBackAt: UnixTime?,
        logger: Logger
    ) {
        self.host = host
        name = host.name
        self.configuration = configuration
        self.resume = resume
        self.batchQueue = batchQueue
        self.session = session
        self.hosts = hosts
        self.quiet = quiet
        self.clock = clock
        self.steady = steady
        self.failBackAt = failBackAt
        self.logger = logger
        notices = NoticeReport(host: host.name, logger: logger)
        metrics = StreamMetrics(upstream: host.name)
        decoder = WireDecoder(
            host: host.name,
            wire: host.wire,
            configuration: configuration,
            witnessed: resume.witnessed,
            isCertain: resume.isCertain,
            clock: clock
        )
        check = ContinuityCheck(resume, wire: host.wire)
        recorder = configuration.recorderDirectory.map { _ in
            FlightRecorder(host: host.name, wire: host.wire, capacity: configuration.recorderCapacity)
        }
        overlap = resume.overlap
        reached = resume.reached
        published = resume.reached
        isBeginningDoubtful = !resume.isCertain && resume.gap == nil
        stretch = resume.reached > 0 && resume.gap == nil ? .continues : .begins
    }

    /// Saves what the next connection needs, and writes the flight recording; runs on the connection's thread.
    deinit {
        // A connection that began after a message that is too large and ended at once has met the same message again.
        session.finish(at: max(reached, resume.gapPlace))
        notices.finish()
        guard let recorder, let directory = configuration.recorderDirectory,
            hasGap || session.ending?.isAbnormal ?? true
        else { return }
        // A connection without messages must not overwrite the recording of the one before it.
        let lines = recorder.lines
        guard !lines.isEmpty else { return }
        let name = String(host.name.map { $0.isLetter || $0.isNumber || $0 == "." ? $0 : "_" })
        let path = "\(directory)/stream-\(name).jsonl"
        FlightRecorder.make(directory)
        let isWritten = FlightRecorder.write(lines, to: path)
        logger.notice(
            isWritten
                ? "stream recording written"
                : "stream recording cannot be written; look at stream.recorder_directory and its disk",
            metadata: ["path": "\(path)"]
        )
    }

    /// Called when the server has accepted the subscription, with or without compression.
    func opened(isCompressed: Bool) {
        metrics.connected()
        hosts.opened(host, isCompressed: isCompressed)
        logger.info("stream open", metadata: ["host": "\(host.name)", "wire": "\(host.wire)"])
        guard host.source.asksForCompression, !isCompressed else { return }
        logger.info(
            "stream not compressed",
            metadata: ["host": "\(host.name)", "detail": "the host does not offer it"]
        )
    }

    /// Handles one message; false when the connection must be closed.
    mutating func message(_ encoding: WireEncoding, _ message: RawSpan) -> Bool {
        guard !hasEnded else { return false }
        bytes += message.byteCount
        recorder?.record(encoding, message, at: clock.now())
        switch decoder.decode(encoding, message) {
        case .missed(let value):
            if value > resume.reached { passed += 1 }
            guard check.isSettled || observe(value, nil), crossGap(at: value) else { return false }
            return progress(to: value)
        case .read(let content):
            if content.events.contains(where: \.isCommit) { pending.bytes += message.byteCount }
            return take(content)
        }
    }

    /// Ends one read: publishes what is due and checks the watchdogs; false when the connection must be closed.
    mutating func batchEnded(_ now: ContinuousClock.Instant) -> Bool {
        guard !hasEnded else { return false }
        metrics.received(passed: passed, bytes: bytes)
        passed = 0
        bytes = 0
        if notices.isOpen { notices.say(at: steady.now()) }
        let opened = openedAt ?? now
        if openedAt == nil || hasProgressed { lastProgress = now }
        if hasNews {
            // Other hosts may have delivered a connection's first events long before.
            quiet.heard(name, isForAll: hasNewsForAll && now - opened >= quiet.timeout, at: now)
        }
        openedAt = opened
        (hasProgressed, hasNews, hasNewsForAll) = (false, false, false)
        if now - opened >= .seconds(60) { session.markHealthy() }
        if isPublicationDue(now) {
            lastPublication = now
            guard publish() else { return false }
        }
        if !check.isSettled, reached == resume.reached, now - opened >= configuration.overlapTimeout,
            !conclude(check.observeSilence())
        {
            return false
        }
        if let failBackAt, steady.now() >= failBackAt { return end(.failBack) }
        return bearsSilence(now - lastProgress, at: now)
    }

    /// Decides about a silence, which may be normal; false when the connection must be closed.
    private mutating func bearsSilence(_ silence: Duration, at now: ContinuousClock.Instant) -> Bool {
        switch quiet.judge(name, silentFor: silence, at: now) {
        case .stay: return true
        case .stayAndSay:
            logger.notice(
                "stream quiet: connected, but no event arrives; a second host in stream.hosts would tell whether this one is at fault",
                metadata: ["host": "\(name)", "for_s": .stringConvertible(Int(silence.inSeconds))]
            )
            return true
        case .stalled: return end(.stalled)
        case .askAgain: return end(.quiet)
        }
    }

    private func isPublicationDue(_ now: ContinuousClock.Instant) -> Bool {
        let isUrgent = !pending.rejected.isEmpty || pending.gap != nil || pending.events.contains(where: \.isUrgent)
        if isUrgent { return true }
        guard reached > published || !pending.events.isEmpty else { return false }
        return lastPublication.map { now - $0 >= configuration.positionInterval } ?? true
    }

    private mutating func take(_ content: WireContent) -> Bool {
        if let notice = content.notice, !take(notice) { return false }
        if let value = content.value, !crossGap(at: value) { return false }
        for event in content.events {
            let digest = event.digest(at: content.time)
            guard check.isSettled || observe(event.position.value, digest) else { return false }
            let item = ResumeOverlap.Item(value: event.position.value, digest: digest)
            // The evidence of continuity was handed over by the last connection.
            guard !resume.overlap.items.contains(item) else { continue }
            metrics.received(event)
            // Jetstream v1 has no sync events.
            if case .sync = event.body {} else { hasNewsForAll = true }
            if event.position.value != passedAt { overlap.append(item) }
            pending.events.append(event)
        }
        pending.unverified += content.unverified
        for event in content.rejected {
            StreamMetrics.rejected(event.reason)
            pending.rejected.append(event)
        }
        if let value = content.value {
            if content.events.isEmpty, !check.isSettled, !observe(value, nil) { return false }
            guard progress(to: value) else { return false }
        }
        return pending.events.count + pending.rejected.count < batchQueue.batchLimit || publish()
    }

    private mutating func take(_ notice: WireContent.Notice) -> Bool {
        let key = host.source.key
        let words = String(key.hidden(in: notice.message).prefix(500))
        let name = StreamTransportEnd.label(key.hidden(in: notice.name)) ?? "server-error"
        notices.take(name, words, at: steady.now())
        switch notice.name {
        case "OutdatedCursor":
            // A first connection misses nothing, and a known gap is declared with the first message.
            guard !resume.isFirst, resume.gap == nil || resume.gap == .messageTooLarge else { return true }
            guard host.wire != .relay else { return giveUpPosition(.outdatedCursor) }
            check.settle()
            // A host may repeat the notice any number of times, but a cursor can mean only one gap.
            return hasGap || declare(.outdatedCursor)
        case "FutureCursor": return giveUpPosition(.sequenceChanged)
        default:
            return notice.isError ? end(.serverError(name: name, message: words)) : true
        }
    }

    private mutating func observe(_ value: Int64, _ digest: UInt64?) -> Bool {
        conclude(check.observe(value: value, digest: digest))
    }

    private mutating func conclude(_ finding: ContinuityCheck.Finding?) -> Bool {
        switch finding {
        case nil: return true
        case .continuous(let value):
            logger.info(
                "stream goes on where it stopped",
                metadata: ["position": .stringConvertible(value), "reached": .stringConvertible(resume.reached)]
            )
            return true
        case .broken(let reason, let detail):
            logger.error(
                "stream does not go on where it stopped; what it may have missed is looked for",
                metadata: ["reason": "\(reason.rawValue)", "detail": "\(detail)"]
            )
            // A relay would first send the traffic of the whole network, for days.
            return reason == .sequenceChanged || host.wire == .relay ? giveUpPosition(reason) : declare(reason)
        }
    }

    /// Declares the gap and ends the connection, so that the next one begins by time, or on a relay with live events.
    ///
    /// Until then, no position of the new sequence may be stored.
    private mutating func giveUpPosition(_ reason: StreamGap.Reason) -> Bool {
        stretch = .begins
        return publish(withPosition: false) && end(.positionGivenUp(reason))
    }

    /// Declares a gap from a time, or from where the last connection ended; it is handed over with the next batch.
    private mutating func declare(_ reason: StreamGap.Reason, from: Int64? = nil) -> Bool {
        guard pending.gap == nil || publish() else { return false }
        hasGap = true
        stretch = .begins
        metrics.gap(reason)
        let now = clock.now().microseconds
        let gap = StreamGap(
            host: host.name,
            wire: host.wire,
            // The host's clock may be ahead of ours, or behind it.
            from: from ?? min(resume.witnessed, now) - configuration.hostChangeMargin.microseconds,
            until: max(now, decoder.witnessed),
            reason: reason
        )
        pending.gap = gap
        lastGap = (gap, steady.now())
        return true
    }

    /// Declares what a wrong clock of ours has hidden, as soon as the stream has told the time.
    private mutating func compareClocks() -> Bool {
        guard decoder.isCertain else { return true }
        let witnessed = decoder.witnessed
        if isBeginningDoubtful {
            isBeginningDoubtful = false
            // A host that is asked for the future begins with live events, and we cannot know since when we have asked
            // for it.
            guard resume.witnessed - witnessed <= Self.earliness else {
                return declare(.clockChanged, from: witnessed - configuration.doubtMargin.microseconds)
            }
        }
        // Our clock was behind, so the gap's end was too early.
        guard let (gap, moment) = lastGap,
            witnessed - gap.until > WitnessClock.tolerance + (steady.now() - moment).microseconds
        else { return true }
        if pending.gap == nil { _ = declare(gap.reason, from: gap.from) } else { pending.gap?.until = witnessed }
        lastGap = nil
        return true
    }

    /// Declares the gap that could not be avoided, with the first message after it.
    private mutating func crossGap(at value: Int64) -> Bool {
        guard let reason = resume.gap, !hasCrossedGap, value > resume.gapPlace else { return true }
        hasCrossedGap = true
        guard declare(reason) else { return false }
        guard reason == .messageTooLarge else { return true }
        passedAt = value
        // The next connection begins after the message, so that it need not be skipped again: relays include the event
        // at the cursor.
        overlap = ResumeOverlap()
        let event = RejectedEvent(
            host: host.name,
            wire: host.wire,
            value: resume.gapPlace,
            reason: .tooLarge,
            detail: "an event behind this position has more than \(configuration.maximumMessage) bytes",
            bytes: []
        )
        StreamMetrics.rejected(event.reason)
        pending.rejected.append(event)
        return true
    }

    /// Records how far the stream was read; false when reading must end.
    private mutating func progress(to value: Int64) -> Bool {
        hasProgressed = true
        hasNews = hasNews || value > resume.reached
        reached = max(reached, value)
        // The message that is too large may be next, and ends the connection before we can publish.
        if value == resume.poison { return publish() }
        guard let passedAt, value > passedAt, !overlap.items.isEmpty else { return true }
        return publish() && end(.poisonPassed)
    }

    private mutating func publish(withPosition: Bool = true) -> Bool {
        guard compareClocks() else { return false }
        // Without proof of continuity no position is stored: other hosts would begin at its time.
        if withPosition, reached > 0, check.isSettled {
            let position = StreamPosition(
                host: host.name,
                wire: host.wire,
                value: reached,
                witnessed: decoder.witnessed
            )
            pending.position = StoredPosition(position: position, evidence: overlap.encoded)
            metrics.position(position)
        }
        guard batchQueue.offer(pending) else { return end(.queueFull) }
        if let position = pending.position { session.accept(position) }
        tellComparison()
        published = reached
        pending = StreamBatch()
        return true
    }

    private mutating func tellComparison() {
        let isProven = check.isSettled && reached > 0 && decoder.isCertain
        if isProven {
            switch stretch {
            case .continues: hosts.resume(host, at: decoder.witnessed)
            case .begins: hosts.begin(host, at: decoder.witnessed)
            case .told: break
            }
            stretch = .told
        }
        hosts.receive(pending.events, from: host, until: isProven ? decoder.witnessed : nil)
    }

    private mutating func end(_ ending: StreamSession.Ending) -> Bool {
        hasEnded = true
        session.end(ending)
        return false
    }
}
