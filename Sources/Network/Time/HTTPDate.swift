/// The date form of HTTP headers, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
public enum HTTPDate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]

    /// Parses a date into seconds since the Unix epoch; nil for other text.
    ///
    /// Also accepts the two obsolete forms, as RFC 9110 §5.6.7 requires: `Sunday, 06-Nov-94 08:49:37 GMT`, whose years
    /// lie between 1970 and 2069, and `Sun Nov  6 08:49:37 1994`.
    public static func seconds(_ text: String) -> Double? {
        var parts = text.split { $0 == " " || $0 == "," || $0 == "-" }
        if parts.count == 5 { parts = [parts[0], parts[2], parts[1], parts[4], parts[3], "GMT"] }
        guard parts.count == 6, parts[5] == "GMT", let day = Int(parts[1]), (1...31).contains(day),
            let month = months.firstIndex(of: String(parts[2])), let written = Int(parts[3])
        else { return nil }
        let year = parts[3].count == 2 ? written + (written < 70 ? 2000 : 1900) : written
        guard (1970...9999).contains(year) else { return nil }
        let clock = parts[4].split(separator: ":").compactMap { Int($0) }
        guard clock.count == 3, (0..<24).contains(clock[0]), (0..<60).contains(clock[1]), (0...60).contains(clock[2])
        else { return nil }
        let days = CalendarDate.days(year: year, month: month + 1, day: day)
        return Double(days * 86_400 + clock[0] * 3600 + clock[1] * 60 + clock[2])
    }

    /// Formats seconds since the Unix epoch, not negative, as a field value.
    public static func text(_ seconds: Double) -> String {
        let date = CalendarDate(UnixTime(seconds: seconds))
        let weekday = weekdays[Int((seconds / 86_400).rounded(.down)) % 7]
        let time = date.timestamp.dropFirst(11).dropLast()
        return "\(weekday), \(date.day < 10 ? "0" : "")\(date.day) \(months[date.month - 1]) \(date.year) \(time) GMT"
    }
}
