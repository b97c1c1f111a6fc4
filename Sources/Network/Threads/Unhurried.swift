/// Questions whose answers may never come, asked by somebody who must be able to give up.
public enum Unhurried {
    /// Asks, and waits for the answer; the question goes on alone when the asking task is cancelled.
    ///
    /// - Parameter question: runs in a task of its own.
    /// - Returns: the answer; nil when the asking task is cancelled before it comes.
    public static func answer<Answer: Sendable>(
        to question: @escaping @Sendable () async -> Answer
    ) async -> Answer? {
        let (answers, continuation) = AsyncStream.makeStream(of: Answer.self)
        Task {
            continuation.yield(await question())
            continuation.finish()
        }
        return await answers.first { _ in true }
    }
}
