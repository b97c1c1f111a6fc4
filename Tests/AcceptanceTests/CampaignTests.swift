import ATProtocol
import Glibc
import Sandbox
import Testing

/// The long run: thousands of requests, three calls in ten fail, the daemon is killed fifty times.
///
/// Half an hour, so only when `IMPACT_NOTIFIER_CAMPAIGN` holds the number of requests (10000 for the full one).
@Suite(.timeLimit(.minutes(120)), .enabled(if: Stage.binary != nil && Campaign.size != nil))
struct `A long campaign` {
    @Test func `delivers each deliverable request once and explains the others`() async throws {
        let campaign = try await Campaign(requests: try #require(Campaign.size), kills: 50)
        try await campaign.run()
        let verdict = campaign.verdict()
        print(verdict.summary)
        #expect(verdict.doubled.isEmpty, "doubled: \(verdict.doubled.prefix(10))")
        #expect(verdict.unexplained.isEmpty, "neither delivered nor explained: \(verdict.unexplained.prefix(10))")
        #expect(verdict.forbidden.isEmpty, "sent to an owner who must not get it: \(verdict.forbidden.prefix(10))")
    }
}
