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
        // RFC 9110 §5.6.7: the three forms of one moment, and years of two digits.
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777.0), ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
        ("Sun Nov  6 08:49:37 1994", 784_111_777), ("Wednesday, 21-Oct-15 07:28:00 GMT", 1_445_412_480),
        ("Thursday, 01-Jan-70 00:00:00 GMT", 0), ("Wed Oct 21 07:28:00 2015", 1_445_412_480),
    ]) func `dates are read in all the forms that there ever were`(text: String, seconds: Double) {
        #expect(HTTPDate.seconds(text) == seconds)
    }

    @Test(arguments: [
        "", "-1", "1.5", "soon", "Wed, 21 Oct 2015", "Wed, 99 Oct 2015 07:28:00 GMT", "99999999999999999999",
        "Wed, 21 Oct 2015 07:28:00 CET", "21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 1969 07:28:00 GMT", "Wed Oct 21 2015",
    ])
    func `that is neither is nothing`(text: String) {
        #expect(RetryAfter.wait(text, now: 0) == nil)
    }

    @Test(arguments: [(1970, 1, 1, 0), (2000, 2, 29, 11016), (2026, 11, 22, 20779), (1969, 12, 31, -1)])
    func `days are counted from 1970`(year: Int, month: Int, day: Int, days: Int) {
        #expect(CalendarDate.days(year: year, month: month, day: day) == days)
    }
}
