internal import Glibc
internal import Network

/// Ctrl-C and SIGTERM as the cancellation of a task, so that everything that was started is stopped in order.
enum Interruption {
    /// Runs the body; a signal cancels it.
    ///
    /// - Returns: what the body gave, nil when a signal came first and the body threw because of it.
    /// - Throws: what the body throws.
    static func run<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value? {
        let signals = await SignalStream([SIGINT: (), SIGTERM: ()])
        let task = Task { try await body() }
        let listening = Task { for await _ in signals.requests { task.cancel() } }
        defer { listening.cancel() }
        do { return try await task.value } catch {
            guard task.isCancelled else { throw error }
            return nil
        }
    }
}
