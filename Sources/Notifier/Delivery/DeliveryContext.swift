internal import ATProtocol
internal import Logging
internal import Network

/// What every part of the delivery is given beside its stores.
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
    let logger: Logger

    init(
        _ configuration: NotifierConfiguration,
        sender: DID,
        reporter: OutcomeReporter,
        wallClock: any WallClock,
        clock: any Clock<Duration>,
        logger: Logger
    ) {
        self.configuration = configuration
        self.sender = sender
        rules = Dictionary(configuration.rules.map { ($0.name, $0) }) { first, _ in first }
        policy = AdmissionPolicy(configuration, sender: sender)
        timetable = Timetable(configuration)
        self.reporter = reporter
        loops = DeliveryLoops(clock: clock)
        self.wallClock = wallClock
        self.logger = logger
    }

    /// Whether nothing is sent, and everything else is done.
    var isShadow: Bool { !configuration.sending.isEnabled }

    /// The time.
    var now: UnixTime { wallClock.now() }

    /// Says what became of requests and jobs, and wakes whose work it is now.
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

/// The loops that wake each other.
struct DeliveryLoops: Sendable {
    let resolving: WorkLoop
    let sending: WorkLoop
    let keeping: WorkLoop
    let mentioning: WorkLoop
    let tidying: WorkLoop
    let watching: WorkLoop

    init(clock: any Clock<Duration>) {
        func loop() -> WorkLoop { WorkLoop(clock: clock) }
        (resolving, sending, keeping) = (loop(), loop(), loop())
        (mentioning, tidying, watching) = (loop(), loop(), loop())
    }

    /// Lets each look for work.
    func wakeAll() { for loop in [resolving, sending, keeping, mentioning] { loop.wake() } }

    /// Ends each after the step under way.
    func drain() { for loop in [resolving, keeping, mentioning, sending, tidying, watching] { loop.drain() } }
}
