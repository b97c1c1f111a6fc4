internal import Logging
internal import Network

/// Says what a host tells about its stream, once a minute: a host may send such notices without end.
struct NoticeReport: Sendable {
    /// A connection gets one line in this time.
    static let interval = Duration.seconds(60)

    private let host: String
    private let logger: Logger
    /// Since the last line, and what the last of them says.
    private var count = 0
    private var (name, words) = ("", "")
    private var saidAt: UnixTime?

    init(host: String, logger: Logger) {
        self.host = host
        self.logger = logger
    }

    /// Whether something was not said yet.
    var isOpen: Bool { count > 0 }

    /// Counts a notice, and says what is due; `now` is of a clock that nothing sets.
    mutating func take(_ name: String, _ words: String, at now: UnixTime) {
        count += 1
        (self.name, self.words) = (name, words)
        say(at: now)
    }

    /// Says what is due.
    mutating func say(at now: UnixTime) {
        guard isOpen, saidAt.map({ now - $0 >= Self.interval }) ?? true else { return }
        finish()
        (count, saidAt) = (0, now)
    }

    /// Says what was not said yet: nothing follows.
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
