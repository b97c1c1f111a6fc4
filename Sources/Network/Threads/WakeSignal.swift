internal import Synchronization

/// Wakes one loop: work has come, or it is time.
///
/// A ring that nobody waits for is kept.
final class WakeSignal: Sendable {
    private struct State {
        var isRung = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Wakes the waiter, now or when it next waits.
    func ring() {
        let waiter = state.withLock { state in
            state.isRung = state.waiter == nil
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// Waits for a ring, at most so long.
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
