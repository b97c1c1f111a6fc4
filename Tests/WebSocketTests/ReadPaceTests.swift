import Testing

@testable import WebSocket

@Suite struct `The pace of reading` {
    private let start = MonotonicTime.now

    private func after(_ milliseconds: Int) -> MonotonicTime {
        start + MonotonicTime.Span(.milliseconds(milliseconds))
    }

    @Test func `a drained reader rests until its period is over, and not at all without one`() {
        var pace = ReadPace(rest: .milliseconds(10))
        #expect(pace.restEnd(start) == nil)
        pace.woke(start)
        pace.received(1000)
        #expect(pace.restEnd(after(1)) == after(10))
        #expect(pace.restEnd(after(10)) == nil)
        pace.foundNothing()
        #expect(pace.restEnd(after(1)) == nil)
        var restless = ReadPace(rest: .zero)
        restless.woke(start)
        #expect(restless.restEnd(start) == nil)
    }

    @Test func `a window that was filled during a rest is followed by none for a while`() {
        var pace = ReadPace(rest: .milliseconds(10))
        pace.woke(start)
        pace.received(65_483)
        #expect(pace.restEnd(after(1)) == nil)
        // What comes first after it is little: the host has only just been given room again.
        pace.woke(after(2))
        pace.received(16_384)
        #expect(pace.restEnd(after(2)) == nil)
        pace.woke(after(102))
        pace.received(16_384)
        #expect(pace.restEnd(after(103)) == after(112))
    }
}
