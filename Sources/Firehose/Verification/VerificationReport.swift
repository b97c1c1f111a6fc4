internal import Logging
internal import Metrics
internal import Network

/// Counts what verification found, for the metrics and one line a minute.
struct VerificationReport {
    private let logger: Logger
    private var verified = 0
    private var unverified: [VerificationState.Unverified: Int] = [:]
    private var breaks: [RepositoryChain.Break: Int] = [:]
    private var unverifiedSinceLine = 0
    private var lastLine: UnixTime?

    /// The time between two lines.
    static let interval = Duration.seconds(60)

    init(logger: Logger) { self.logger = logger }

    mutating func add(_ finding: VerificationState.Finding) {
        switch finding {
        case .verified: verified += 1
        case .unverified(let reason): unverified[reason, default: 0] += 1
        case .desynchronized(let did, let place, let isWanted):
            breaks[place, default: 0] += 1
            // Of an author who matters something may be missing; the others are counted.
            logger.log(
                level: isWanted ? .warning : .debug,
                "repository desynchronized",
                metadata: ["did": "\(did)", "reason": "\(place.rawValue)"]
            )
        case .refused, .lookUp: break
        }
    }

    /// A message is not what it claims to be.
    func refused(_ message: RejectedMessage, isKept: Bool) {
        StreamMetrics.rejected(message.reason)
        guard !isKept else { return }
        logger.warning(
            "refused message not kept",
            metadata: [
                "host": "\(message.host)", "reason": "\(message.reason.rawValue)", "detail": "\(message.detail)",
            ]
        )
    }

    /// Adds what was counted to the metrics; says what was not verified, once a minute.
    mutating func publish(accounts: Int, now: UnixTime) {
        StreamMetrics.verified(verified)
        for (reason, count) in unverified {
            StreamMetrics.unverified(count, reason.rawValue)
            unverifiedSinceLine += count
        }
        for (place, count) in breaks { StreamMetrics.desynchronized(count, place.rawValue) }
        verified = 0
        unverified = [:]
        breaks = [:]
        let last = lastLine ?? now
        lastLine = last
        guard max(now - last, last - now) >= Self.interval else { return }
        if unverifiedSinceLine > 0 {
            logger.notice(
                "commits not verified",
                metadata: ["count": "\(unverifiedSinceLine)", "accounts": "\(accounts)"]
            )
        }
        unverifiedSinceLine = 0
        lastLine = now
    }
}
