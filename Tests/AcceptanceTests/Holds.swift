/// Waits until something is so, looking every tenth of a second; false when it is not in time.
func holds(
    within patience: Duration,
    every pause: Duration = .milliseconds(100),
    _ condition: () async throws -> Bool
) async rethrows -> Bool {
    let end = ContinuousClock.now + patience
    while true {
        if try await condition() { return true }
        guard ContinuousClock.now < end, (try? await Task.sleep(for: pause)) != nil else { return false }
    }
}
