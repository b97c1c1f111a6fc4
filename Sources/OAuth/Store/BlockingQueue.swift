internal import Dispatch

/// Runs calls that block (fsync, flock) in order on a queue of their own, away from the cooperative threads.
struct BlockingQueue: Sendable {
    private let queue = DispatchQueue(label: "impact-notifier.session-store")

    /// Runs `work` and hands back what it returns; ends only when the work has ended, cancelled or not.
    func run<Value: Sendable>(
        _ work: @escaping @Sendable () throws(OAuthFailure) -> Value
    ) async throws(OAuthFailure) -> Value {
        let result: Result<Value, OAuthFailure> = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: Result { () throws(OAuthFailure) in try work() }) }
        }
        return try result.get()
    }
}
