import Network
import Testing

@Suite struct `Moments` {
    @Test func `survive being written as seconds, up to the last microsecond of 2105`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<100_000 {
            let time = UnixTime(microseconds: .random(in: 0..<4_291_747_200_000_000, using: &generator))
            #expect(UnixTime(seconds: time.seconds) == time)
        }
        #expect(UnixTime(seconds: 1_790_000_000.000_001).microseconds == 1_790_000_000_000_001)
    }

    @Test(arguments: [
        (Double.infinity, UnixTime.distantFuture), (-.infinity, .distantPast), (1e300, .distantFuture),
        (-1e300, .distantPast), (.nan, UnixTime(microseconds: 0)), (-0.000_001, UnixTime(microseconds: -1)),
    ]) func `are had from any number`(seconds: Double, time: UnixTime) {
        #expect(UnixTime(seconds: seconds) == time)
    }

    @Test func `stay within bounds`() {
        let longest = Duration.seconds(Int64.max)
        #expect(UnixTime.distantFuture + .microseconds(1) == .distantFuture)
        #expect(UnixTime.distantPast - .microseconds(1) == .distantPast)
        #expect(UnixTime(microseconds: 5) + longest == .distantFuture)
        #expect(UnixTime(microseconds: -5) - longest == .distantPast)
        #expect((UnixTime.distantFuture - UnixTime.distantPast).microseconds == .max)
        #expect(UnixTime.distantPast + (UnixTime.distantFuture - .distantPast) > UnixTime(microseconds: -2))
        #expect(UnixTime(seconds: UnixTime.distantFuture.seconds) == .distantFuture)
    }

    @Test(arguments: [
        (Duration.nanoseconds(1499), Int64(1)), (.nanoseconds(1500), 2), (.nanoseconds(-1500), -2),
        (.nanoseconds(-499), 0), (.seconds(0.1), 100_000), (.seconds(-0.1), -100_000),
        (.seconds(1e9), 1_000_000_000_000_000),
    ]) func `are moved by the nearest microsecond`(span: Duration, microseconds: Int64) {
        #expect(span.microseconds == microseconds)
        let start = UnixTime(microseconds: 7)
        var time = start
        time += span
        #expect(time - start == .microseconds(microseconds) && time - span == start)
    }

    @Test func `are told as dates`() {
        #expect("\(UnixTime(seconds: 1_795_375_800.9))" == "2026-11-22T19:30:00Z")
        #expect("\(UnixTime(microseconds: -1))" == "1969-12-31T23:59:59Z")
        #expect(!"\(UnixTime.distantFuture)\(UnixTime.distantPast)".isEmpty)
    }
}
