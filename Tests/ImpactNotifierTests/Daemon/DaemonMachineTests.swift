import Testing

@testable import ImpactNotifier

@Suite struct `The life of the daemon` {
    /// A sentence, and what is done after each event.
    struct Course: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let steps: KeyValuePairs<DaemonMachine.Event, [DaemonMachine.Action]>

        init(_ sentence: String, _ steps: KeyValuePairs<DaemonMachine.Event, [DaemonMachine.Action]>) {
            (testDescription, self.steps) = (sentence, steps)
        }
    }

    private static let cause = DaemonError(status: .software, sentence: "damaged")
    private static let other = DaemonError(status: .unavailable, sentence: "address taken")
    private static let cutShort =
        DaemonError(status: .failure, sentence: "a second signal to stop: ended without waiting")

    private static func outcome(_ readAt: Int64, _ problems: String...) -> ReloadOutcome {
        ReloadOutcome(readAt: readAt, configuration: "/etc/c.yaml", problems: problems)
    }

    private static let first: [DaemonMachine.Action] = [.startRuntime(isFirst: true)]
    private static let ready: [DaemonMachine.Action] = [.tellReady(status: "Running.")]
    private static let stopping = DaemonMachine.Action.tellStopping(isAsked: true)
    private static let failing = DaemonMachine.Action.tellStopping(isAsked: false)
    private static let load: [DaemonMachine.Action] = [.tellReloading, .loadConfiguration]

    static let courses = [
        Course(
            "a signal ends the parts, then what they stood on",
            [
                .opened: first, .watching: ready, .asked(.stop): [stopping, .stopRuntime],
                .runtimeStopped: [.closeServices], .servicesClosed: [.finish(nil)],
            ]
        ),
        Course("what cannot be opened ends the start", [.failed(cause): [.finish(cause)]]),
        Course(
            "a stop during the start ends with the opening",
            [.asked(.stop): [stopping, .cancelOpening], .failed(cause): [.finish(nil)]]
        ),
        Course(
            "a stop during the start closes what opened nevertheless",
            [
                .asked(.stop): [stopping, .cancelOpening], .opened: [.closeServices],
                .servicesClosed: [.finish(nil)],
            ]
        ),
        Course(
            "a second signal to stop ends at once",
            [.asked(.stop): [stopping, .cancelOpening], .asked(.stop): [.finish(cutShort)]]
        ),
        Course(
            "ready is told once, however often the endpoint begins to listen",
            [.opened: first, .watching: ready, .watching: []]
        ),
        Course(
            "a reload ends the parts, starts them anew and is answered when they watch",
            [
                .opened: first, .watching: ready, .asked(.reload): load, .loaded(outcome(1)): [.stopRuntime],
                .watching: [], .runtimeStopped: [.startRuntime(isFirst: false)],
                .watching: [.tellReady(status: "Running; reloaded."), .answer(outcome(1))],
            ]
        ),
        Course(
            "a refused reload is answered at once and changes nothing",
            [
                .opened: first, .watching: ready, .asked(.reload): load,
                .loaded(outcome(1, "wrong")): [.answer(outcome(1, "wrong")), .tellReady(status: nil)], .watching: [],
            ]
        ),
        Course(
            "a reload during the start is remembered",
            [
                .asked(.reload): [], .asked(.reload): [], .opened: first + load, .loaded(outcome(1)): [.stopRuntime],
                .runtimeStopped: [.startRuntime(isFirst: false)],
            ]
        ),
        Course(
            "of several reloads the last that is taken over is answered",
            [
                .opened: first, .asked(.reload): load, .loaded(outcome(1)): [.stopRuntime],
                .asked(.reload): [.loadConfiguration], .loaded(outcome(2)): [],
                .asked(.reload): [.loadConfiguration], .loaded(outcome(3, "wrong")): [.answer(outcome(3, "wrong"))],
                .runtimeStopped: [.startRuntime(isFirst: false)],
                .watching: [.tellReady(status: "Running; reloaded."), .answer(outcome(2))],
            ]
        ),
        Course(
            "a stop during a reload waits for the parts that are ending",
            [
                .opened: first, .asked(.reload): load, .loaded(outcome(1)): [.stopRuntime], .asked(.stop): [stopping],
                .asked(.reload): [], .runtimeStopped: [.closeServices], .servicesClosed: [.finish(nil)],
            ]
        ),
        Course(
            "a part that fails ends everything in order, and the first failure is the one that is told",
            [
                .opened: first, .failed(cause): [failing, .stopRuntime], .failed(other): [],
                .runtimeStopped: [.closeServices], .servicesClosed: [.finish(cause)],
            ]
        ),
        Course(
            "a part that fails while all ends is told",
            [
                .opened: first, .asked(.stop): [stopping, .stopRuntime], .failed(other): [],
                .runtimeStopped: [.closeServices], .servicesClosed: [.finish(other)],
            ]
        ),
        Course(
            "the status is reported while the parts run",
            [
                .asked(.report): [], .opened: first, .asked(.report): [.report],
                .asked(.stop): [stopping, .stopRuntime],
                .asked(.report): [],
            ]
        ),
    ]

    @Test(arguments: courses) func `takes its course`(_ course: Course) {
        var machine = DaemonMachine()
        for (number, (event, actions)) in course.steps.enumerated() {
            #expect(machine.handle(event) == actions, "step \(number + 1), \(event)")
        }
    }

    /// Every order of eight signals, failures and news, with what ends in between ending at any time.
    @Test func `starts, tells, answers and closes nothing twice, in any order of events`() {
        var seen: Set<DaemonWorld> = []
        var open: [(world: DaemonWorld, trail: [DaemonMachine.Event])] = [(DaemonWorld(surprises: 8), [])]
        var endings = 0
        while let (world, trail) = open.popLast() {
            guard world.objections.isEmpty else {
                Issue.record("\(world.objections) after \(trail)")
                return
            }
            guard seen.insert(world).inserted else { continue }
            if world.isFinished { endings += 1 }
            for event in world.events {
                for next in world.following(event) { open.append((next, trail + [event])) }
            }
        }
        #expect(seen.count > 1000 && endings > 100)
    }
}
