extension Task where Success == Void, Failure == Never {
    /// Waits for the end; false when the caller is cancelled before, for the task goes on.
    func isOutlived() async -> Bool {
        let (ends, continuation) = AsyncStream.makeStream(of: Void.self)
        Task {
            await value
            continuation.yield()
        }
        return await ends.first { true } != nil
    }
}
