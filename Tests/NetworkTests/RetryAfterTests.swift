import Network
import TestSupport
import Testing

@Suite struct `Retry-After` {
    @Test(arguments: [
        ("120", 120.0), ("0", 0), ("Wed, 21 Oct 2015 07:28:00 GMT", 60), ("Wed, 21 Oct 2015 07:26:00 GMT", 0),
    ]) func `is read in both forms`(text: String, seconds: Double) {
        // 2015-10-21T07:27:00Z
        #expect(RetryAfter.wait(text, now: 1_445_412_420) == .seconds(seconds))
    }

    @Test(arguments: [
        "", "-1", "1.5", "soon", "Wed, 21 Oct 2015", "Wed, 99 Oct 2015 07:28:00 GMT", "99999999999999999999",
    ])
    func `that is neither is nothing`(text: String) {
        #expect(RetryAfter.wait(text, now: 0) == nil)
    }

    @Test(arguments: [(1970, 1, 1, 0), (2000, 2, 29, 11016), (2026, 11, 22, 20779), (1969, 12, 31, -1)])
    func `days are counted from 1970`(year: Int, month: Int, day: Int, days: Int) {
        #expect(CalendarDate.days(year: year, month: month, day: day) == days)
    }
}
