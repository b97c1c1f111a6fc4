internal import ATProtocol
internal import Crypto
internal import LedgerStorage
internal import Logging
internal import Network

/// Reviews everything that waits when the settings have changed since it began to wait.
///
/// What is sent is judged by the present settings anyway. The review is for jobs that would wait in vain, or be refused
/// only weeks later.
struct SettingsReview: Sendable {
    let context: DeliveryContext
    let queue: JobQueue
    let settings: Settings

    /// The setting with the fingerprint of the last reviewed settings; empty until a review is complete.
    static let name = "settings-in-force"

    /// Notes that other settings are in force, before anything waits because of them.
    ///
    /// So everything that waits is reviewed at the next change, whatever the next settings are.
    func begin() async throws(LedgerError) {
        guard try await settings[Self.name] != context.configuration.fingerprint else { return }
        try await settings.set(Self.name, to: "")
    }

    /// Reviews if the fingerprint of the settings has changed; an interrupted review is repeated.
    func run() async throws(LedgerError) {
        let fingerprint = context.configuration.fingerprint
        guard try await settings[Self.name] != fingerprint else { return }
        var withoutRule: [String: Int] = [:]
        var place: ReviewPlace? = .first
        while let current = place, !context.loops.keeping.isDraining {
            var review = try await queue.review(current, policy: context.policy, now: context.now)
            // That a job goes on waiting, or is taken up again, is not reported.
            review.applied.outcomes.removeAll { !$0.state.isFinal && $0.state != .deferred }
            context.report(review.applied)
            withoutRule.merge(review.withoutRule, uniquingKeysWith: +)
            place = review.next
        }
        guard place == nil else { return }
        for (rule, count) in withoutRule.sorted(by: { $0.key < $1.key }) {
            context.logger.warning(
                "requests wait for a rule that is gone",
                metadata: [
                    "rule": "\(rule)", "count": .stringConvertible(count), "reason": "\(Reason.ruleRemoved.rawValue)",
                    "to_do":
                        "if the rule was renamed, run impact-notifier jobs move \(rule) NEW-NAME; otherwise they are dropped",
                ]
            )
        }
        try await settings.set(Self.name, to: fingerprint)
        context.loops.wakeAll()
    }
}

extension NotifierConfiguration {
    /// All settings that decide whether, and until when, something waits; equal texts for equal settings.
    var fingerprint: String {
        func list(_ dids: Set<DID>) -> String { dids.map(\.text).sorted().joined(separator: ",") }
        let parts = [
            policy.recipients.rawValue, list(policy.allowlist), list(policy.blockedAuthors),
            "\(policy.authorHourlyLimit) \(policy.ownerHourlyLimit) \(policy.ownerDailyLimit) \(sending.dailyLimit)",
            "\(policy.waitExpiry) \(policy.followInterval) \(policy.disabledInterval) \(lookup.maximumWait)",
            "\(digest.window) \(digest.maximumListed) \(digest.maximumCounted)", "\(sending.isEnabled)",
        ]
        let rules = rules.map { rule in
            let told = rule.tellsOwnersOnly ? "" : " \(rule.recipients.map(\.rawValue).sorted().joined(separator: ","))"
            return "\(rule.name) \(rule.collections.map(\.text).sorted().joined(separator: ","))\(told)"
        }
        return Base64.encode(Digest.sha256((parts + rules).joined(separator: "\n")))
    }
}
