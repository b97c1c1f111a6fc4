import Testing

/// Tries cases side by side, so many at a time; what one of them throws is an issue of that one alone.
func sideBySide<Case: Sendable>(
    _ cases: [Case],
    atMost count: Int,
    name: @escaping @Sendable (Case) -> String,
    _ body: @escaping @Sendable (Case) async throws -> Void
) async {
    await withTaskGroup(of: Void.self) { group in
        for (index, each) in cases.enumerated() {
            if index >= count { await group.next() }
            group.addTask {
                do { try await body(each) } catch { Issue.record(error, "\(name(each))") }
            }
        }
    }
}
