import Testing

@testable import WebSocket

@Suite struct `The pace of reading` {
    private let start = MonotonicTime.now

    private func after(_ milliseconds: Int) -> MonotonicTime {
        start + MonotonicTime.Span(.milliseconds(milliseconds))
    }

    @Test func `a drained reader rests until its period is over, and not at all without one`() {
        var coalescer = ReadCoalescer(rest: .milliseconds(10))
        #expect(coalescer.restEnd(start) == nil)
        coalescer.woke(start)
        coalescer.received(1000)
        #expect(coalescer.restEnd(after(1)) == after(10))
        #expect(coalescer.restEnd(after(10)) == nil)
        coalescer.foundNothing()
        #expect(coalescer.restEnd(after(1)) == nil)
        var restless = ReadCoalescer(rest: .zero)
        restless.woke(start)
        #expect(restless.restEnd(start) == nil)
    }

    @Test func `a window that was filled during a rest is followed by none for a while`() {
        var coalescer = ReadCoalescer(rest: .milliseconds(10))
        coalescer.woke(start)
        coalescer.received(65_483)
        #expect(coalescer.restEnd(after(1)) == nil)
        // What comes first after it is little: the host has only just been given room again.
        coalescer.woke(after(2))
        coalescer.received(16_384)
        #expect(coalescer.restEnd(after(2)) == nil)
        coalescer.woke(after(102))
        coalescer.received(16_384)
        #expect(coalescer.restEnd(after(103)) == after(112))
    }
}
