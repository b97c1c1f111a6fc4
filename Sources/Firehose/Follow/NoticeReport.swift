internal import Logging
internal import Network

/// Logs the notices of a host, at most once a minute, because a host may send any number of them.
struct NoticeReport: Sendable {
    /// How often a connection may get a log line.
    static let interval = Duration.seconds(60)

    private let host: String
    private let logger: Logger
    /// How many notices came since the last log line, and the text of the latest.
    private var count = 0
    private var (name, words) = ("", "")
    private var saidAt: UnixTime?

    init(host: String, logger: Logger) {
        self.host = host
        self.logger = logger
    }

    /// Whether there are notices that have not been logged.
    var isOpen: Bool { count > 0 }

    /// Counts a notice and logs if it is time; `now` is from a steady clock.
    mutating func take(_ name: String, _ words: String, at now: UnixTime) {
        count += 1
        (self.name, self.words) = (name, words)
        say(at: now)
    }

    /// Logs if it is time.
    mutating func say(at now: UnixTime) {
        guard isOpen, saidAt.map({ now - $0 >= Self.interval }) ?? true else { return }
        finish()
        (count, saidAt) = (0, now)
    }

    /// Logs the rest at the end of the connection.
    func finish() {
        guard isOpen else { return }
        logger.warning(
            "stream host sent a notice",
            metadata: [
                "host": "\(host)", "count": .stringConvertible(count), "reason": "\(name)", "detail": "\(words)",
            ]
        )
    }
}
