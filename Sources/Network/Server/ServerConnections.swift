internal import CLinux
internal import Dispatch
internal import Glibc
internal import Synchronization

/// A server's open connections; each is shut down when its time is up or a newer one needs its place.
///
/// A descriptor is shut down only under the lock, and the server closes it only after ``closed(_:)`` has held the lock.
/// So no descriptor is shut down after it has been reused. Shutting down does not close the descriptor; it makes the
/// server's thread do so.
final class ServerConnections: Sendable {
    private struct State {
        var table: ConnectionTable
        /// Whether a check of the deadlines is already scheduled.
        var isTimed = false
        /// Whether all connections are shut down, including new ones.
        var isEnding = false
    }

    private let state: Mutex<State>
    private let queue = DispatchQueue(label: "impact-notifier.server-deadlines")
    private let ended = DispatchSemaphore(value: 0)

    init(limits: ServerLimits) { state = Mutex(State(table: ConnectionTable(limits: limits))) }

    /// Adds a connection from a peer.
    func opened(_ descriptor: Int32, from source: [UInt8]) {
        state.withLock { state in
            if let oldest = state.table.open(descriptor, from: source, at: .now) { Self.shut(oldest) }
            if state.isEnding { Self.shut(descriptor) }
            schedule(&state)
        }
    }

    /// Removes a connection that is about to be closed.
    func closed(_ descriptor: Int32) {
        state.withLock { state in
            state.table.close(descriptor)
            if state.isEnding, state.table.count == 0 { ended.signal() }
        }
    }

    /// Shuts down all connections, and waits until they are closed, but no longer than the limit.
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
