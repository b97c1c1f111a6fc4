import Sandbox
import TestSupport
import Testing

@testable import Firehose

@Suite struct `The choice of a host` {
    private var generator = SeededGenerator(seed: 1)

    @Test mutating func `a blip keeps the preferred host, three failures do not`() {
        var rotation = HostRotation(["a", "b"])
        rotation.ended(0, .failed(wasHealthy: false), at: 0, using: &generator)
        #expect(rotation.choice(at: 0).index == 0 && rotation.choice(at: 0).wait <= 0.5)
        for _ in 0..<2 { rotation.ended(0, .failed(wasHealthy: false), at: 0, using: &generator) }
        #expect(rotation.choice(at: 0) == (1, 0))
        #expect(rotation.choice(at: 61).index == 0)
    }

    @Test mutating func `a host that stands still is left for longer each time`() {
        var rotation = HostRotation(["a", "b"])
        rotation.ended(0, .stalled, at: 0, using: &generator)
        #expect(rotation.choice(at: 119).index == 1 && rotation.choice(at: 121).index == 0)
        rotation.ended(0, .stalled, at: 200, using: &generator)
        #expect(rotation.choice(at: 439).index == 1 && rotation.choice(at: 441).index == 0)
    }

    @Test mutating func `a single host is waited for, and its wishes are respected`() {
        var rotation = HostRotation(["a"])
        for _ in 0..<20 { rotation.ended(0, .failed(wasHealthy: false), at: 0, using: &generator) }
        #expect(rotation.choice(at: 0).wait <= 60)
        rotation.ended(0, .limited(retryAfter: 90), at: 0, using: &generator)
        #expect((90...113).contains(rotation.choice(at: 0).wait))
        rotation.ended(0, .limited(retryAfter: 1e12), at: 0, using: &generator)
        #expect(rotation.choice(at: 0).wait <= 1800 * 1.25)
        rotation.ended(0, .willing, at: 0, using: &generator)
        #expect(rotation.choice(at: 0) == (0, 0))
    }
}
