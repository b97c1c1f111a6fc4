internal import Synchronization

/// Wakes one loop because there is work, or because time has passed.
///
/// A ring that arrives while nobody waits is kept for the next wait.
final class WakeSignal: Sendable {
    private struct State {
        var isRung = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Wakes the waiter now, or ends its next wait.
    func ring() {
        let waiter = state.withLock { state in
            state.isRung = state.waiter == nil
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// Waits for a ring, but not longer than the limit.
    func wait(atMost limit: Duration, on clock: any Clock<Duration>) async {
        let alarm = Task {
            try? await clock.sleep(for: limit)
            if !Task.isCancelled { self.ring() }
        }
        await withCheckedContinuation { continuation in
            let isRung = state.withLock { state in
                guard !state.isRung else {
                    state.isRung = false
                    return true
                }
                state.waiter = continuation
                return false
            }
            if isRung { continuation.resume() }
        }
        alarm.cancel()
    }
}
