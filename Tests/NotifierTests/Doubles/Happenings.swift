import Synchronization

/// Things that happened, which a test can wait for without sleeping.
final class Happenings: Sendable {
    private struct State {
        var count = 0
        var waiters: [(target: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    func note(_ name: String) {
        let ready = state.withLock { state in
            state.count += 1
            let ready = state.waiters.filter { $0.target <= state.count }
            state.waiters.removeAll { $0.target <= state.count }
            return ready.map(\.continuation)
        }
        for continuation in ready { continuation.resume() }
    }

    var count: Int { state.withLock { $0.count } }

    /// Returns after so many happenings since the beginning.
    func reach(_ target: Int) async {
        await withCheckedContinuation { continuation in
            let isReached = state.withLock { state in
                guard state.count < target else { return true }
                state.waiters.append((target, continuation))
                return false
            }
            if isReached { continuation.resume() }
        }
    }
}
