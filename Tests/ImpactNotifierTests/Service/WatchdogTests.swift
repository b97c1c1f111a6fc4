import Logging
import Synchronization
import TestSupport
import Testing

@testable import ImpactNotifier

@Suite struct `The watchdog` {
    private final class Time: Sendable {
        private let instant = Mutex(ContinuousClock.now)
        var now: ContinuousClock.Instant { instant.withLock { $0 } }
        func advance(by duration: Duration) { instant.withLock { $0 += duration } }
    }

    @Test func `a part is overdue after its limit, until it reports`() {
        let time = Time()
        let heartbeats = Heartbeats { time.now }
        let stream = heartbeats.expect("stream", every: .seconds(5))
        let sender = heartbeats.expect("sender", every: .seconds(60))
        time.advance(by: .seconds(5))
        #expect(heartbeats.overdue().isEmpty)
        time.advance(by: .seconds(1))
        #expect(heartbeats.overdue() == ["stream"])
        stream.beat()
        #expect(heartbeats.overdue().isEmpty)
        time.advance(by: .seconds(61))
        #expect(heartbeats.overdue() == ["sender", "stream"])
        sender.beat()
        stream.rest()
        time.advance(by: .seconds(59))
        #expect(heartbeats.overdue().isEmpty)
    }

    @Test func `the manager hears nothing while a probe hangs, and hears again when it answers`() async {
        let time = Time()
        let heartbeats = Heartbeats { time.now }
        let (reports, reported) = AsyncStream.makeStream(of: Void.self)
        let (answers, answered) = AsyncStream.makeStream(of: Void.self)
        let probe = Watchdog.Probe(name: "store", limit: .seconds(10)) {
            for await _ in answers { return }
        }
        let watchdog = Watchdog(
            heartbeats: heartbeats,
            probes: [probe],
            interval: .milliseconds(1),
            logger: .silent
        ) { reported.yield() }
        let watching = Task { await watchdog.run() }
        var iterator = reports.makeAsyncIterator()
        _ = await iterator.next()
        time.advance(by: .seconds(11))
        #expect(heartbeats.overdue() == ["store"])
        answered.yield()
        repeat { _ = await iterator.next() } while heartbeats.overdue() == ["store"]
        watching.cancel()
        answered.finish()
        await watching.value
    }

    @Test func `statuses are the numbers that systemd knows`() {
        #expect(ExitStatus.usage.rawValue == 64)
        #expect(ExitStatus.noPermission.rawValue == 77)
        #expect(ExitStatus.configuration.rawValue == 78)
    }
}
