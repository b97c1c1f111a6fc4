internal import CLinux
internal import Dispatch
internal import Glibc
internal import Synchronization

/// The open connections of a server, each of which is shut when its time is up or a newer one needs its room.
///
/// A descriptor is shut down only under the lock, and the server closes it only after ``closed(_:)`` has had the lock: no
/// descriptor is touched that has become another's. Shutting down does not close; it makes the server's thread do so.
final class ServerConnections: Sendable {
    private struct State {
        var table: ConnectionTable
        /// Somebody will look at the deadlines.
        var isTimed = false
        /// Every connection is shut, those that still come included.
        var isEnding = false
    }

    private let state: Mutex<State>
    private let queue = DispatchQueue(label: "impact-notifier.server-deadlines")
    private let ended = DispatchSemaphore(value: 0)

    /// No connections yet.
    init(limits: ServerLimits) { state = Mutex(State(table: ConnectionTable(limits: limits))) }

    /// Takes note of a connection from a peer.
    func opened(_ descriptor: Int32, from source: [UInt8]) {
        state.withLock { state in
            if let oldest = state.table.open(descriptor, from: source, at: .now) { Self.shut(oldest) }
            if state.isEnding { Self.shut(descriptor) }
            schedule(&state)
        }
    }

    /// Forgets a connection that is about to be closed.
    func closed(_ descriptor: Int32) {
        state.withLock { state in
            state.table.close(descriptor)
            if state.isEnding, state.table.count == 0 { ended.signal() }
        }
    }

    /// Shuts every connection, and returns when all are closed, or after that time.
    func end(within limit: DispatchTimeInterval) {
        let isIdle = state.withLock { state in
            state.isEnding = true
            for descriptor in state.table.descriptors { Self.shut(descriptor) }
            return state.table.count == 0
        }
        if !isIdle { _ = ended.wait(timeout: .now() + limit) }
    }

    private func expire() {
        state.withLock { state in
            state.isTimed = false
            for descriptor in state.table.expire(at: .now) { Self.shut(descriptor) }
            schedule(&state)
        }
    }

    private func schedule(_ state: inout State) {
        guard !state.isTimed, let deadline = state.table.nextDeadline else { return }
        state.isTimed = true
        let wait = Int(Poll.milliseconds(until: deadline))
        queue.asyncAfter(deadline: .now() + .milliseconds(wait)) { [weak self] in self?.expire() }
    }

    private static func shut(_ descriptor: Int32) { shim_shutdown(descriptor) }
}
