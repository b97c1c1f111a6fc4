/// The state machine of the daemon's life: what is opened, started, reloaded, reported and ended, and in which order.
struct DaemonMachine: Sendable, Hashable {
    /// Something that happened.
    enum Event: Sendable, Hashable {
        /// An operator sent a signal.
        case asked(OperatorSignal)
        /// The state directory and the session are open.
        case opened
        /// The parts follow the stream, and the status endpoint listens; may happen more than once.
        case watching
        /// Something could not be opened, or a part cannot go on.
        case failed(DaemonError)
        /// The configuration was read again: it is applied, or its problems keep the old one in force.
        case loaded(ReloadOutcome)
        /// The parts have ended.
        case runtimeStopped
        /// The state directory and the session are closed.
        case servicesClosed
    }

    /// Something to do, in this order.
    enum Action: Sendable, Hashable {
        /// Stop opening; ``Event/opened`` or ``Event/failed(_:)`` follows all the same.
        case cancelOpening
        /// Start the parts; the first parts of a process end it when their address is in use.
        case startRuntime(isFirst: Bool)
        /// End the parts; ``Event/runtimeStopped`` follows.
        case stopRuntime
        /// Close the state directory and the session; ``Event/servicesClosed`` follows.
        case closeServices
        /// Read the configuration, and hand in ``Event/loaded(_:)`` before any other event.
        case loadConfiguration
        /// Leave the outcome for the command that asked for the reload.
        case answer(ReloadOutcome)
        /// Write the status to the log.
        case report
        /// Tell the service manager that the daemon is ready.
        case tellReady(status: String?)
        /// Tell the service manager that the configuration is being read again.
        case tellReloading
        /// Tell the service manager that the end has begun, and the log, too, when somebody asked for it.
        case tellStopping(isAsked: Bool)
        /// End; nothing else follows.
        case finish(DaemonError?)
    }

    private enum State: Hashable {
        /// The state directory and the session are being opened, which may have to wait for the network.
        case starting(wantsReload: Bool)
        /// The parts run; the outcome is that of the reload that started them, until they follow the stream.
        case running(isWatching: Bool, ReloadOutcome?)
        /// The parts of the old configuration are ending.
        case reloading(ReloadOutcome)
        case stopping(Remaining, DaemonError?)
    }

    private enum Remaining: Hashable { case opening, runtime, services }
    private var state = State.starting(wantsReload: false)

    /// Handles an event; one that means nothing in this state changes nothing.
    mutating func handle(_ event: Event) -> [Action] {
        switch (event, state) {
        case (.asked(.stop), .stopping):
            return [.finish(.init(status: .failure, sentence: "a second signal to stop: ended without waiting"))]
        case (.asked(.stop), _): return stop(nil)
        case (.asked(.reload), .starting): state = .starting(wantsReload: true)
        case (.asked(.reload), .running): return [.tellReloading, .loadConfiguration]
        case (.asked(.reload), .reloading): return [.loadConfiguration]
        case (.asked(.report), .running): return [.report]
        case (.opened, .starting(let wantsReload)):
            state = .running(isWatching: false, nil)
            return [.startRuntime(isFirst: true)] + (wantsReload ? handle(.asked(.reload)) : [])
        case (.watching, .running(isWatching: false, let outcome)):
            state = .running(isWatching: true, nil)
            guard let outcome else { return [.tellReady(status: "Running.")] }
            return [.tellReady(status: "Running; reloaded."), .answer(outcome)]
        case (.loaded(let refusal), .running) where !refusal.problems.isEmpty:
            return [.answer(refusal), .tellReady(status: nil)]
        case (.loaded(let refusal), .reloading) where !refusal.problems.isEmpty: return [.answer(refusal)]
        case (.loaded(let outcome), .running):
            state = .reloading(outcome)
            return [.stopRuntime]
        case (.loaded(let outcome), .reloading): state = .reloading(outcome)
        case (.runtimeStopped, .reloading(let outcome)):
            state = .running(isWatching: false, outcome)
            return [.startRuntime(isFirst: false)]
        case (.failed(let failure), .starting): return [.finish(failure)]
        case (.failed, .stopping(.opening, let failure)), (.servicesClosed, .stopping(.services, let failure)):
            return [.finish(failure)]
        case (.failed(let failure), .stopping(let remaining, let first)): state = .stopping(remaining, first ?? failure)
        case (.failed(let failure), _): return stop(failure)
        case (.opened, .stopping(.opening, let failure)), (.runtimeStopped, .stopping(.runtime, let failure)):
            state = .stopping(.services, failure)
            return [.closeServices]
        case (.asked, _), (.opened, _), (.watching, _), (.loaded, _), (.runtimeStopped, _), (.servicesClosed, _): break
        }
        return []
    }

    /// Begins to end what there is; the rest follows by events.
    private mutating func stop(_ failure: DaemonError?) -> [Action] {
        let (remaining, action): (Remaining, Action?) =
            switch state {
            case .starting: (.opening, .cancelOpening)
            case .running: (.runtime, .stopRuntime)
            case .reloading, .stopping: (.runtime, nil)
            }
        state = .stopping(remaining, failure)
        return [.tellStopping(isAsked: failure == nil)] + [action].compactMap(\.self)
    }
}
