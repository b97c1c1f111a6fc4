/// Dates as logs and status pages show them.
enum Timestamp {
    /// A time as RFC 3339 has it, in UTC and with milliseconds: `2026-11-22T19:30:00.123Z`.
    ///
    /// `time` is in seconds since the Unix epoch.
    static func rfc3339(_ time: Double) -> String {
        let milliseconds = Int64((time * 1000).rounded(.down))
        let (days, millisecond) = milliseconds.quotientAndRemainder(flooredBy: 86_400_000)
        let (year, month, day) = civil(day: days)
        let (hour, minute, second) = (millisecond / 3_600_000, millisecond / 60_000 % 60, millisecond / 1000 % 60)
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
            + "T\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2)).\(padded(millisecond % 1000, 3))Z"
    }

    /// The proleptic Gregorian date of a day counted from 1970-01-01.
    ///
    /// Hinnant, "chrono-Compatible Low-Level Date Algorithms": the year begins in March, its leap day is its last.
    private static func civil(day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = (day + 719_468).quotientAndRemainder(flooredBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153  // months counted from March
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension Int64 {
    fileprivate func quotientAndRemainder(flooredBy divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
