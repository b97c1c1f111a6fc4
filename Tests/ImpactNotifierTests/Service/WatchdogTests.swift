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

    @Test func `the manager hears nothing while the part hangs, and hears again when it answers`() async {
        let time = Time()
        let (reports, reported) = AsyncStream.makeStream(of: Void.self)
        let (answers, answered) = AsyncStream.makeStream(of: Void.self)
        let watchdog = Watchdog(
            over: "store",
            limit: .seconds(10),
            interval: .milliseconds(1),
            now: { time.now },
            logger: .silent,
            ask: { for await _ in answers { return } },
            report: { reported.yield() }
        )
        let watching = Task { await watchdog.run() }
        var iterator = reports.makeAsyncIterator()
        _ = await iterator.next()
        time.advance(by: .seconds(10))
        #expect(!watchdog.isOverdue)
        time.advance(by: .seconds(1))
        #expect(watchdog.isOverdue)
        answered.yield()
        repeat { _ = await iterator.next() } while watchdog.isOverdue
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
