@testable import ImpactNotifier

/// What surrounds the daemon's machine: it does as the machine says, objects to what must not be, and knows what may happen.
struct DaemonWorld: Hashable {
    private enum Opening { case underWay, cancelled, failed, done }
    private enum Run { case none, works, ends }
    private enum Closing { case none, underWay, done }

    private(set) var objections: [String] = []
    private(set) var isFinished = false
    private var machine = DaemonMachine()
    private var surprises: Int
    private var opening = Opening.underWay
    private var run = Run.none
    private var closing = Closing.none
    private var todo: [DaemonMachine.Action] = []
    private var hasStarted = false
    private var isStopping = false
    /// Somebody asked for the end.
    private var isAsked = false
    /// Somebody asked for it while all was ending already.
    private var isCutShort = false
    private var firstFailure: DaemonError?
    /// The parts have not said yet that they watch.
    private var owesReady = false
    /// The service manager waits for the end of a reload.
    private var owesReloaded = false
    /// A reload that was asked for during the start.
    private var owesReload = false
    /// The last reload that was taken over, and the one that was refused, without an answer.
    private var accepted: ReloadOutcome?
    private var refused: ReloadOutcome?

    /// A world in which so much happens by itself; what the machine began comes to its end on top of that.
    init(surprises: Int) { self.surprises = surprises }

    private var isLate: Bool { surprises == 0 }

    /// What may happen now.
    var events: [DaemonMachine.Event] {
        guard !isFinished else { return [] }
        var events: [DaemonMachine.Event] = isLate ? [] : [.asked(.reload), .asked(.stop)]
        let failure = DaemonError(status: .software, sentence: "failure \(surprises)")
        if opening == .cancelled || opening == .underWay && !isLate { events += [.opened, .failed(failure)] }
        if run != .none && !isLate { events += [.watching, .failed(failure)] }
        if run == .works && isLate && owesReady { events.append(.watching) }
        if run == .ends { events.append(.runtimeStopped) }
        if closing == .underWay { events.append(.servicesClosed) }
        return events
    }

    /// The worlds after an event: one for each way in which the configuration may be read.
    func following(_ event: DaemonMachine.Event) -> [DaemonWorld] {
        var world = self
        world.note(event)
        world.todo = world.machine.handle(event)
        var (open, done) = ([world], [DaemonWorld]())
        while var world = open.popLast() {
            if world.todo.isEmpty {
                world.settle(event)
                done.append(world)
            } else if world.todo[0] == .loadConfiguration {
                open += [[], ["wrong"]].map { world.loading($0) }
            } else {
                world.perform(world.todo.removeFirst())
                open.append(world)
            }
        }
        return done
    }

    private mutating func note(_ event: DaemonMachine.Event) {
        switch event {
        case .runtimeStopped: run = .none
        case .servicesClosed: closing = .done
        default: surprises = max(0, surprises - 1)
        }
        switch event {
        case .asked(.stop): (isAsked, isCutShort) = (true, isStopping)
        case .asked(.reload): owesReload = !isStopping
        case .opened: opening = .done
        case .failed where opening == .cancelled: opening = .failed
        case .failed(let failure):
            if opening == .underWay { opening = .failed }
            firstFailure = firstFailure ?? failure
        default: break
        }
    }

    private func loading(_ problems: [String]) -> DaemonWorld {
        var world = self
        let outcome = ReloadOutcome(readAt: Int64(surprises), configuration: "c", problems: problems)
        world.demand(owesReload, "read without having been asked")
        world.demand(refused == nil, "a refusal was not answered")
        world.owesReload = false
        if problems.isEmpty { world.accepted = outcome } else { world.refused = outcome }
        world.todo = todo.dropFirst() + world.machine.handle(.loaded(outcome))
        return world
    }

    private mutating func perform(_ action: DaemonMachine.Action) {
        demand(!isFinished, "something was done after the end")
        switch action {
        case .cancelOpening:
            demand(opening == .underWay, "cancelled what is not under way")
            opening = .cancelled
        case .startRuntime(let isFirst):
            demand(opening == .done && closing == .none, "started on nothing")
            demand(run == .none, "started twice")
            demand(!isStopping, "started after the stop")
            demand(isFirst == !hasStarted, "only the first start is the first")
            (run, hasStarted, owesReady) = (.works, true, true)
        case .stopRuntime:
            demand(run == .works, "stopped what does not run")
            run = .ends
        case .closeServices:
            demand(opening == .done && closing == .none, "closed what is not open")
            demand(run == .none && isStopping, "closed what is in use")
            closing = .underWay
        case .answer(let outcome):
            let isOwed = outcome == (outcome.problems.isEmpty ? accepted : refused)
            demand(isOwed, "answered a reload twice, or another one")
            if outcome.problems.isEmpty { accepted = nil } else { refused = nil }
        case .tellReady(let status):
            demand(status == nil ? owesReloaded : owesReady, "told ready without a start or a reload")
            demand(!isStopping, "told ready after the stop")
            owesReloaded = false
            if status != nil { owesReady = false }
        case .tellReloading: owesReloaded = true
        case .tellStopping(let isAsked):
            demand(!isStopping, "told the stop twice")
            demand(isAsked == self.isAsked, "a stop that nobody asked for is a failure")
            isStopping = true
        case .finish(let failure): finish(failure)
        case .loadConfiguration, .report: break
        }
    }

    private mutating func finish(_ failure: DaemonError?) {
        isFinished = true
        guard !isCutShort else { return demand(failure?.status == .failure, "what was cut short ended with success") }
        demand(opening == .failed || opening == .done && closing == .done, "ended before all was closed")
        demand(run == .none, "ended before the parts did")
        demand(failure == firstFailure, "another failure was told than the first")
    }

    /// What must be so when everything that follows from an event has been done.
    private mutating func settle(_ event: DaemonMachine.Event) {
        demand(refused == nil, "a refused reload was not answered")
        demand(!isCutShort || isFinished, "a signal to stop did not cut the end short")
        demand(!owesReload || isStopping || isFinished || opening == .underWay, "a reload was forgotten")
        if event == .watching && run == .works && !isStopping {
            demand(!owesReady && !owesReloaded && accepted == nil, "those who wait were not told that the parts watch")
        }
        guard events.isEmpty, !isFinished else { return }
        demand(!isStopping, "it never ends")
        demand(run == .works || opening == .underWay, "it neither works nor ends")
    }

    private mutating func demand(_ isSo: Bool, _ objection: String) {
        if !isSo { objections.append(objection) }
    }
}
