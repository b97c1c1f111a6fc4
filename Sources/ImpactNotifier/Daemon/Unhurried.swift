/// Questions whose answers may never come, asked by somebody who must be able to give up.
enum Unhurried {
    /// The answer; nil when the asking task is cancelled before it comes.
    ///
    /// The question itself goes on alone.
    static func answer<Answer: Sendable>(
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
