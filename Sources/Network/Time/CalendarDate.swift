/// A moment in UTC as a date of the Gregorian calendar, without a locale.
public struct CalendarDate: Sendable, Equatable, CustomStringConvertible {
    /// The year.
    public let year: Int
    /// 1 to 12.
    public let month: Int
    /// 1 to 31.
    public let day: Int
    /// Seconds since midnight, 0 to 86 399.
    public let secondOfDay: Int

    public init(_ time: UnixTime) {
        let whole = Self.floor(Int(time.microseconds), 1_000_000)
        let days = Self.floor(whole, 86_400)
        // Days to date in eras of 400 years that begin on 1 March (Hinnant, "chrono-compatible low-level dates").
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        secondOfDay = whole - days * 86_400
    }

    private static func floor(_ number: Int, _ divisor: Int) -> Int {
        let (quotient, remainder) = number.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }

    /// Days since 1970-01-01.
    ///
    /// - Parameters:
    ///   - year: of the Gregorian calendar.
    ///   - month: 1 to 12.
    ///   - day: 1 to 31; a day after the month's last counts into the next month.
    /// - Returns: the number of days, negative before 1970.
    public static func days(year: Int, month: Int, day: Int) -> Int {
        // Years begin in March here, so that the leap day comes last.
        let shifted = month > 2 ? year : year - 1
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func pad(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// The date, `2026-11-22`.
    public var description: String { "\(year)-\(Self.pad(month))-\(Self.pad(day))" }

    /// `2026-11-22T19:30:00Z` (RFC 3339).
    public var timestamp: String {
        let minutes = secondOfDay / 60
        return "\(self)T\(Self.pad(minutes / 60)):\(Self.pad(minutes % 60)):\(Self.pad(secondOfDay % 60))Z"
    }
}
