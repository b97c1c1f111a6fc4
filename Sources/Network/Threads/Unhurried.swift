/// Questions whose answers may never come, asked by somebody who must be able to give up.
public enum Unhurried {
    /// Asks, and waits for the answer; when that takes too long or the asking task is cancelled the question is cancelled, and
    /// goes on alone if it does not heed that.
    ///
    /// - Parameters:
    ///   - limit: the longest wait; nil for as long as it takes.
    ///   - question: runs in a task of its own.
    /// - Returns: the answer; nil when it did not come in time, or the asking task is cancelled before it comes.
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
