import ATProtocol
import Network
import TestSupport
import Testing

@testable import Backfill

/// How fast a sweep asks, by a clock that only its own sleep moves.
@Suite struct `The requests of a sweep` {
    /// A clock on which a sleep takes no time, and moves what a test reckons by.
    private struct MovingClock: Clock {
        let time: ManualClock
        let now = ContinuousClock.now
        let minimumResolution = Duration.zero

        func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws {
            time.advance(deadline - now)
        }
    }

    private let steady = ManualClock()
    private let client = ScriptedClient { _ in .json([:]) }

    private func sweep(rate: Double, date: ManualClock = ManualClock()) -> SweepClient {
        SweepClient(client, rate: rate, clock: steady, date: date, sleeper: MovingClock(time: steady))
    }

    private func request(_ host: String) throws -> HTTPRequest { HTTPRequest(.get, try WebURL("https://\(host)/")) }

    @Test func `are three in a second over all hosts, as configured by default`() async throws {
        let rate = SweepConfiguration(directories: [], collections: []).rate
        #expect(rate == 3)
        let sweep = sweep(rate: rate)
        let start = steady.now()
        for number in 0..<30 { _ = try await sweep.body(try request("host\(number % 7).test")) }
        let took = steady.now() - start
        // After a burst of a second's worth.
        #expect(took > .seconds(8.9) && took < .seconds(9.5), "\(took)")
        steady.advance(.seconds(3600))
        let idle = steady.now()
        for _ in 0..<6 { _ = try await sweep.body(try request("host.test")) }
        let later = steady.now() - idle
        #expect(later > .seconds(0.9), "an hour of rest is no reason to ask faster: \(later)")
    }

    @Test func `wait for a host until the date that it names, by the date and not by the clock of waits`() async throws
    {
        // 2026-09-21T14:13:20Z; what waits go by may show anything.
        let date = ManualClock(1_790_000_000)
        steady.advance(.seconds(40 * 86_400))
        let limited = HTTPResponse(
            status: 429,
            headers: ["Retry-After": "Mon, 21 Sep 2026 14:13:50 GMT"],
            body: []
        )
        client.script("https://host.test/", [.success(limited), .json([:])])
        let sweep = sweep(rate: 1_000_000, date: date)
        let start = steady.now()
        _ = try await sweep.body(try request("host.test"))
        let took = steady.now() - start
        #expect(took >= .seconds(30) && took < .seconds(31), "\(took)")
        #expect(client.requests.count == 2)
    }
}
