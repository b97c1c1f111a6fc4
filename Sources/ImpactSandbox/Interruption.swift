internal import Dispatch
internal import Glibc
internal import Synchronization

/// Ctrl-C and SIGTERM as the cancellation of a task, so that everything that was started is stopped in order.
enum Interruption {
    /// Runs the body; a signal cancels it.
    ///
    /// - Returns: what the body gave, nil when a signal came first and the body threw because of it.
    /// - Throws: what the body throws.
    static func run<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value? {
        let task = Task { try await body() }
        let flag = Flag()
        let sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                flag.set()
                task.cancel()
            }
            source.resume()
            return source
        }
        defer { for source in sources { source.cancel() } }
        do { return try await task.value } catch {
            guard flag.isSet else { throw error }
            return nil
        }
    }

    private final class Flag: Sendable {
        private let value = Mutex(false)

        var isSet: Bool { value.withLock(\.self) }

        func set() { value.withLock { $0 = true } }
    }
}
