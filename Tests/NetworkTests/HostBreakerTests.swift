import Network
internal import TestSupport
import Testing

@Suite struct `Hosts that fail in a row` {
    private var breaker = HostBreaker(failures: 3, pause: .seconds(30), longestPause: .seconds(100))

    private func lost(_ code: HTTPError.Code = .timeout) -> HTTPError {
        HTTPError(code: code, origin: "https://pds", detail: "", mayHaveBeenSent: false)
    }

    @Test mutating func `get a pause that doubles, and an answer ends it`() {
        for _ in 0..<2 { breaker.answered("pds", HTTPResponse(status: 500), now: 0) }
        #expect(breaker.pause(of: "pds", now: 0) == nil)
        breaker.answered("pds", HTTPResponse(status: 500), now: 0)
        #expect(breaker.pause(of: "pds", now: 0)?.length == 30)
        #expect(breaker.pause(of: "pds", now: 0)?.failure == "status 500")
        for (now, length) in [(40, 60), (100, 100), (300, 100)] as [(UnixTime, Duration)] {
            breaker.failed("pds", lost(), now: now)
            #expect(breaker.pause(of: "pds", now: now)?.length == length)
        }
        #expect(breaker.pause(of: "pds", now: 300)?.failure == "timeout")
        #expect(breaker.pause(of: "other", now: 300) == nil)
        breaker.answered("pds", HTTPResponse(status: 404), now: 300)
        #expect(breaker.pause(of: "pds", now: 300) == nil)
    }

    @Test mutating func `are asked again when they were never asked, for the guard said no`() {
        for _ in 0..<5 { breaker.failed("pds", lost(.refusedHost), now: 0) }
        #expect(breaker.pause(of: "pds", now: 0) == nil)
    }

    @Test mutating func `do not fill the memory, however many they are`() {
        for number in 0..<5000 {
            for _ in 0..<3 { breaker.failed("host-\(number)", lost(), now: 0) }
        }
        #expect(breaker.pausedCount(now: 0) <= HostBreaker.capacity)
    }
}
