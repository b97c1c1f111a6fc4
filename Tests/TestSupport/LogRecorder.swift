public import Logging
import Synchronization

/// Keeps log lines for a test to read.
public final class LogRecorder: Sendable {
    /// One line of the log.
    public struct Line: Sendable {
        /// How much it matters.
        public let level: Logger.Level
        /// The constant text.
        public let message: String
        /// What the line tells, and what its logger tells with every line.
        public let metadata: [String: String]
    }

    private struct State {
        var lines: [Line] = []
        var waiters: [(message: String, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    /// A recorder without lines.
    public init() {}

    /// What was logged, in order.
    public var lines: [Line] { state.withLock { $0.lines } }

    /// Everything as text, to search for what must not be there.
    public var text: String {
        lines.map { "\($0.level) \($0.message) \($0.metadata)" }.joined(separator: "\n")
    }

    /// How often a message was logged, at one level or at any.
    public func count(_ message: String, _ level: Logger.Level? = nil) -> Int {
        lines.count { $0.message == message && (level == nil || $0.level == level) }
    }

    /// The metadata of every line with a message.
    public func metadata(of message: String) -> [[String: String]] {
        lines.filter { $0.message == message }.map(\.metadata)
    }

    /// Returns once a message has been logged.
    public func wait(for message: String) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.lines.contains(where: { $0.message == message }) { return true }
                state.waiters.append((message, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    private func append(_ line: Line) {
        let ready = state.withLock { state in
            state.lines.append(line)
            let ready = state.waiters.filter { $0.message == line.message }
            state.waiters.removeAll { $0.message == line.message }
            return ready
        }
        for waiter in ready { waiter.continuation.resume() }
    }

    /// A logger whose lines of every level are kept here.
    public var logger: Logger { Logger(label: "test") { _ in Handler(recorder: self) } }

    private struct Handler: LogHandler {
        let recorder: LogRecorder
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            let line = Line(level: event.level, message: "\(event.message)", metadata: all.mapValues { "\($0)" })
            recorder.append(line)
        }
    }
}

extension Logger {
    /// A logger for tests that do not look at the log.
    public static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}
