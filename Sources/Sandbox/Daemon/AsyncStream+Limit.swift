extension AsyncStream where Element: Sendable {
    /// The first element that satisfies the predicate.
    ///
    /// - Parameters:
    ///   - limit: how long to wait at most.
    ///   - isWanted: asked of every element in turn.
    /// - Returns: the element; nil when the stream ended or the time was up before.
    public func first(
        within limit: Duration,
        where isWanted: @escaping @Sendable (Element) -> Bool
    ) async -> Element? {
        await withTaskGroup(of: Element?.self) { group in
            group.addTask {
                for await element in self where isWanted(element) { return element }
                return nil
            }
            group.addTask {
                try? await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }
}
