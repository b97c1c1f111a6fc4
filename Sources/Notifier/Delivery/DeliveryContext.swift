internal import ATProtocol
internal import Firehose
internal import Logging
internal import Network

/// What every part of the delivery gets besides its stores.
struct DeliveryContext: Sendable {
    let configuration: NotifierConfiguration
    /// The account that sends.
    let sender: DID
    let rules: [String: Rule]
    let policy: AdmissionPolicy
    let timetable: Timetable
    let reporter: OutcomeReporter
    let loops: DeliveryLoops
    let wallClock: any WallClock
    /// A clock that nothing sets.
    let steadyClock: any WallClock
    let networkTime: NetworkTime
    /// The name under which daemons of one account on this machine take turns; nil for a daemon that is alone.
    let turnName: String?
    let logger: Logger

    init(
        _ configuration: NotifierConfiguration,
        sender: DID,
        reporter: OutcomeReporter,
        wallClock: any WallClock,
        steadyClock: (any WallClock)? = nil,
        clock: any Clock<Duration>,
        turnName: String? = nil,
        logger: Logger
    ) {
        self.configuration = configuration
        self.sender = sender
        rules = configuration.rulesByName
        policy = AdmissionPolicy(configuration, sender: sender)
        timetable = Timetable(configuration)
        self.reporter = reporter
        loops = DeliveryLoops(clock: clock)
        self.wallClock = wallClock
        self.steadyClock = steadyClock ?? wallClock
        networkTime = NetworkTime(steadyClock: self.steadyClock)
        self.turnName = turnName
        self.logger = logger
    }

    /// Whether everything but the sending is done.
    var isShadow: Bool { !configuration.sending.isEnabled }

    /// The wall clock, which dates rows.
    var now: UnixTime { wallClock.now() }

    /// The clock that nothing sets; waits that are not in a row go by it.
    var steadyNow: UnixTime { steadyClock.now() }

    /// The earlier of our time and the network's; what is given up, expired or forgotten goes by it.
    var agreedNow: UnixTime { min(now, networkTime.now) }

    /// Notes how far a stream was read; position 0 only says where reading begins.
    func note(_ position: StreamPosition) { if position.value > 0 { networkTime.note(position.witnessedAt) } }

    /// Reports what became of requests and jobs, and wakes the loops that go on with them.
    func report(_ applied: Applied) {
        reporter.report(applied)
        if applied.hasReopened { loops.resolving.wake() }
        if applied.isUnfinished { loops.keeping.wake() }
        if applied.outcomes.contains(where: { $0.state == .deferred }) {
            loops.keeping.wake()
            loops.mentioning.wake()
        }
    }
}

/// The loops, which wake each other.
struct DeliveryLoops: Sendable {
    let resolving: WorkLoop
    let sending: WorkLoop
    let keeping: WorkLoop
    let mentioning: WorkLoop
    let tidying: WorkLoop
    let watching: WorkLoop
    let subscribing: WorkLoop

    init(clock: any Clock<Duration>) {
        func loop() -> WorkLoop { WorkLoop(clock: clock) }
        (resolving, sending, keeping) = (loop(), loop(), loop())
        (mentioning, tidying, watching, subscribing) = (loop(), loop(), loop(), loop())
    }

    /// Makes every loop look for work.
    func wakeAll() { for loop in [resolving, sending, keeping, mentioning] { loop.wake() } }

    /// Ends every loop after its present step.
    func drain() {
        for loop in [resolving, keeping, mentioning, sending, tidying, watching, subscribing] { loop.drain() }
    }
}
