internal import Dispatch

/// Runs blocking calls (fsync, flock) in order on a queue of their own, outside the cooperative pool.
struct BlockingQueue: Sendable {
    private let queue = DispatchQueue(label: "impact-notifier.session-store")

    /// Runs `work` and returns its result; waits for it even when cancelled.
    func run<Value: Sendable, Failure: Error>(
        _ work: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: Result { () throws(Failure) in try work() }) }
        }
        return try result.get()
    }
}
