/// Waits for an operation that may never finish, and gives up in time.
public enum Unhurried {
    /// Runs the question and waits for its result, but not beyond the limit or the caller's cancellation.
    ///
    /// In both cases the question is cancelled. If it does not react to that, it goes on by itself.
    ///
    /// - Parameters:
    ///   - limit: the longest wait; nil for no limit.
    ///   - question: runs in a task of its own.
    /// - Returns: the result; nil when it did not come in time, or the caller was cancelled first.
    public static func answer<Answer: Sendable>(
        within limit: Duration? = nil,
        to question: @escaping @Sendable () async -> Answer
    ) async -> Answer? {
        let (answers, continuation) = AsyncStream.makeStream(of: Answer.self)
        let asking = Task {
            continuation.yield(await question())
            continuation.finish()
        }
        let end = limit.map { limit in
            Task {
                try? await ContinuousClock().sleep(for: limit)
                continuation.finish()
            }
        }
        defer {
            end?.cancel()
            asking.cancel()
        }
        return await answers.first { _ in true }
    }
}
