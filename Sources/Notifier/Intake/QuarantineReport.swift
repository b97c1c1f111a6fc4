internal import Firehose
internal import Logging
internal import Network

/// Logs which stream messages were put aside, once a minute for each host: a host that sends nonsense sends a lot of
/// it.
///
/// All are counted in the metrics; the newest are in the ledger with their bytes.
struct QuarantineReport: Sendable {
    private struct Account: Sendable {
        /// How many since the last log line.
        var count = 0
        /// The first one since then.
        var example: RejectedEvent?
        var saidAt: UnixTime?
    }

    /// The least time between two lines about a host.
    static let interval = Duration.seconds(60)

    private let logger: Logger
    private var accounts: [String: Account] = [:]

    init(logger: Logger) { self.logger = logger }

    /// Counts rejected events, and logs what is due; call it also without any.
    ///
    /// - Parameters:
    ///   - events: from any hosts.
    ///   - now: the time by a clock that nothing sets.
    mutating func take(_ events: [RejectedEvent], at now: UnixTime) {
        for event in events {
            var account = accounts[event.host] ?? Account()
            account.count += 1
            if account.example == nil {
                account.example = event
                // The log line has no room for the bytes.
                account.example?.bytes = []
            }
            accounts[event.host] = account
        }
        for (host, account) in accounts where account.saidAt.map({ now - $0 >= Self.interval }) ?? true {
            say(account)
            accounts[host] = account.count > 0 ? Account(saidAt: now) : nil
        }
    }

    /// Logs what was not logged yet, because nothing follows.
    mutating func finish() {
        for account in accounts.values { say(account) }
        accounts = [:]
    }

    private func say(_ account: Account) {
        guard let example = account.example else { return }
        let sentence = example.reason.sentence
        var metadata: Logger.Metadata = [
            "host": "\(example.host)", "count": .stringConvertible(account.count),
            "reason": "\(example.reason.rawValue)",
            "detail": "\(example.detail.isEmpty ? sentence : "\(sentence): \(example.detail)")",
            "run": "impact-notifier quarantine",
        ]
        metadata["position"] = example.value.map { .stringConvertible($0) }
        metadata["did"] = example.account.map { "\($0)" }
        logger.warning("events put aside that cannot be read", metadata: metadata)
    }
}
