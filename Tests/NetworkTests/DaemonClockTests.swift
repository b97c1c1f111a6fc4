import Logging
import Network
import TestSupport
import Testing

/// A machine's clock that is set, and the daemon's that goes by it.
@Suite struct `The daemon's clock` {
    private static let start: UnixTime = 1_790_000_000
    private static let steps: [Duration] = [-7200, -90, 43_200, 180_000, 31_536_000, -31_536_000]

    private let wall = ManualClock(start)
    private let steady = ManualClock(start)
    private let log = LogRecorder()
    private let clock: DaemonClock

    init() { clock = DaemonClock(wall: wall, steady: steady, logger: log.logger) }

    private func pass(_ time: Duration) {
        wall.advance(time)
        steady.advance(time)
    }

    @Test func `goes on with the machine's`() {
        for _ in 0..<10 {
            pass(3600)
            #expect(clock.now() == wall.now())
        }
        #expect(log.lines.isEmpty)
    }

    @Test(arguments: steps) func `does not follow a step that is gone within a minute`(_ step: Duration) {
        wall.advance(step)
        for _ in 0..<5 {
            #expect(clock.now() == steady.now())
            pass(10)
        }
        wall.advance(.zero - step)
        for _ in 0..<20 {
            #expect(clock.now() == steady.now())
            pass(10)
        }
        #expect(log.count("the machine's clock was set", .warning) == 1)
    }

    @Test(arguments: steps) func `follows a step that has lasted a minute, and says so once`(_ step: Duration) {
        wall.advance(step)
        for _ in 0..<6 {
            #expect(clock.now() == steady.now())
            pass(10)
        }
        for _ in 0..<6 {
            #expect(clock.now() == steady.now() + step)
            pass(10)
        }
        #expect(
            log.metadata(of: "the machine's clock was set").map { $0["by_s"] } == ["\(step.wholeSeconds)"]
        )
    }

    @Test func `follows at once what is no more than a leap second`() {
        for step in [1, -1, 0.5, -0.25] as [Duration] {
            wall.advance(step)
            #expect(clock.now() == wall.now())
            pass(1)
        }
        #expect(log.lines.isEmpty)
    }

    @Test func `does not follow a clock that is set again and again`() {
        for _ in 0..<10 {
            wall.advance(600)
            #expect(clock.now() == steady.now())
            pass(30)
        }
    }

    @Test func `is steady where nothing may be set`() {
        let clock = SteadyClock(at: wall)
        let first = clock.now()
        wall.advance(31_536_000)
        let second = clock.now()
        #expect(first >= wall.now() - 31_536_000 && second >= first && second < first + 3600)
    }
}
