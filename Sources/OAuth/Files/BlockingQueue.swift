internal import Dispatch

/// Runs calls that block (fsync, flock) in order on a queue of their own, away from the cooperative threads.
struct BlockingQueue: Sendable {
    private let queue = DispatchQueue(label: "impact-notifier.session-store")

    /// Runs `work` and hands back what it returns; ends only when the work has ended, cancelled or not.
    func run<Value: Sendable, Failure: Error>(
        _ work: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: Result { () throws(Failure) in try work() }) }
        }
        return try result.get()
    }
}
