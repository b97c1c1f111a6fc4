internal import Firehose
internal import Logging
internal import Network

/// Says which messages were put aside, once a minute and host: a host that sends nonsense sends much of it.
///
/// All of them are in the metrics, the newest with their bytes in the ledger.
struct QuarantineReport: Sendable {
    private struct Account: Sendable {
        /// Since the last line.
        var count = 0
        /// The first of them.
        var example: RejectedMessage?
        var saidAt: UnixTime?
    }

    /// A host gets one line in this time.
    static let interval = Duration.seconds(60)

    private let logger: Logger
    private var accounts: [String: Account] = [:]

    init(logger: Logger) { self.logger = logger }

    /// Counts messages, and says what is due; also to be called when there are none.
    ///
    /// - Parameters:
    ///   - messages: of any hosts.
    ///   - now: the time by a clock that nothing sets.
    mutating func take(_ messages: [RejectedMessage], at now: UnixTime) {
        for message in messages {
            var account = accounts[message.host] ?? Account()
            account.count += 1
            if account.example == nil {
                account.example = message
                // What is said has no room for them.
                account.example?.bytes = []
            }
            accounts[message.host] = account
        }
        for (host, account) in accounts where account.saidAt.map({ now - $0 >= Self.interval }) ?? true {
            say(account)
            accounts[host] = account.count > 0 ? Account(saidAt: now) : nil
        }
    }

    /// Says what was not said yet: nothing follows.
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
