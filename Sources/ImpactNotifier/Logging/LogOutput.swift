internal import CLinux
internal import Glibc
internal import Logging
internal import Network
internal import Synchronization

/// The destination of every log line of the process: one descriptor, one format, one level.
///
/// Level and format may change while loggers exist (SIGHUP): loggers ask for them at each event.
final class LogOutput: Sendable {
    private struct Settings {
        var level: Logger.Level
        var format: LogFormat
    }

    private let settings: Mutex<Settings>
    private let writer: LineWriter
    private let isJournal: Bool
    private let clock: any WallClock

    /// A separate output for tests; the daemon uses ``bootstrap(format:level:)``.
    init(
        format: LogFormat,
        level: Logger.Level,
        descriptor: Int32,
        isJournal: Bool,
        clock: any WallClock = SystemClock()
    ) {
        settings = Mutex(Settings(level: level, format: format))
        writer = LineWriter(descriptor: descriptor)
        self.isJournal = isJournal
        self.clock = clock
    }

    /// Makes an output on standard error the output of every `Logger` made from now on; once in a process.
    @discardableResult
    static func bootstrap(format: LogFormat, level: Logger.Level) -> LogOutput {
        let output = LogOutput(
            format: format,
            level: level,
            descriptor: STDERR_FILENO,
            isJournal: isConnectedToJournal(STDERR_FILENO)
        )
        LoggingSystem.bootstrap { label in LineLogHandler(component: label, output: output) }
        return output
    }

    /// The lowest level that is written.
    var level: Logger.Level {
        get { settings.withLock { $0.level } }
        set { settings.withLock { $0.level = newValue } }
    }

    /// How lines are written.
    var format: LogFormat {
        get { settings.withLock { $0.format } }
        set { settings.withLock { $0.format = newValue } }
    }

    /// How many lines were lost because the log's reader had stopped reading.
    var droppedLines: Int { writer.dropped }

    /// Writes the line of an event.
    func write(_ event: LogEvent, component: String, metadata: Logger.Metadata) {
        let encoder = LogEncoder(format: format, isJournal: isJournal)
        writer.write(encoder.encode(event, component: component, metadata: metadata, time: clock.now()))
    }

    /// Whether `$JOURNAL_STREAM` names this very descriptor (systemd.exec(5)).
    ///
    /// The variable alone proves nothing: a child that redirects its output inherits it.
    static func isConnectedToJournal(_ descriptor: Int32) -> Bool {
        guard let value = unsafe getenv("JOURNAL_STREAM").map({ unsafe String(cString: $0) }) else { return false }
        return matchesJournal(value, descriptor: descriptor)
    }

    /// Whether `value`, `DEVICE:INODE` in decimal, is the file of the descriptor.
    static func matchesJournal(_ value: String, descriptor: Int32) -> Bool {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return false }
        return value == "\(status.st_dev):\(status.st_ino)"
    }
}
