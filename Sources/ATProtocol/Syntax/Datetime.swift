public import Network

/// A date and time with a zone, the intersection of RFC 3339 and ISO 8601 (atproto.com/specs/lexicon#datetime).
public struct Datetime: SyntaxValue {
    /// The text as written.
    public let text: String
    /// Microseconds since the Unix epoch, truncated.
    public let microseconds: Int64
    /// The date and time as a moment.
    public var time: UnixTime { UnixTime(microseconds: microseconds) }

    /// Parses `YYYY-MM-DDThh:mm:ss[.fraction](Z|±hh:mm)` and checks that the date and time exist.
    public init(_ text: String) throws(SyntaxError) {
        guard text.utf8.count <= 64 else { throw SyntaxError("datetime", text, "it is longer than 64 characters") }
        var reader = Reader(rest: Array(text.utf8)[...])
        guard let moment = reader.microseconds(), reader.rest.isEmpty else {
            throw SyntaxError("datetime", text, "it does not read YYYY-MM-DDThh:mm:ss with a zone")
        }
        self.text = text
        microseconds = moment
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>

        mutating func microseconds() -> Int64? {
            guard let year = number(4), take("-"), let month = number(2), take("-"), let day = number(2), take("T"),
                let hour = number(2), take(":"), let minute = number(2), take(":"), let second = number(2),
                let fraction = fraction(), let zone = zone(),
                (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60
            else { return nil }
            let seconds =
                Int64(CalendarDate.days(year: Int(year), month: Int(month), day: Int(day))) * 86_400 + hour * 3600
                + minute * 60 + second - zone
            // With its zone, a time in year zero may lie before the start of the calendar.
            guard seconds >= -62_167_219_200 else { return nil }
            return seconds * 1_000_000 + fraction
        }

        private mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard rest.first == UInt8(ascii: character) else { return false }
            rest.removeFirst()
            return true
        }

        private mutating func number(_ digits: Int) -> Int64? {
            guard rest.count >= digits else { return nil }
            var value: Int64 = 0
            for _ in 0..<digits {
                let byte = rest.removeFirst()
                guard ASCII.isDigit(byte) else { return nil }
                value = value * 10 + Int64(byte - 0x30)
            }
            return value
        }

        private mutating func fraction() -> Int64? {
            guard take(".") else { return 0 }
            var value: Int64 = 0
            var count = 0
            while let byte = rest.first, ASCII.isDigit(byte) {
                if count < 6 { value = value * 10 + Int64(byte - 0x30) }
                count += 1
                rest.removeFirst()
            }
            guard count > 0 else { return nil }
            for _ in count..<max(count, 6) { value *= 10 }
            return value
        }

        /// Seconds east of UTC; `-00:00` means "unknown" in RFC 3339, which ISO 8601 does not have.
        private mutating func zone() -> Int64? {
            if take("Z") { return 0 }
            let isEast = rest.first == UInt8(ascii: "+")
            guard isEast || rest.first == UInt8(ascii: "-") else { return nil }
            rest.removeFirst()
            guard let hours = number(2), take(":"), let minutes = number(2), hours < 24, minutes < 60 else {
                return nil
            }
            let seconds = hours * 3600 + minutes * 60
            guard isEast || seconds > 0 else { return nil }
            return isEast ? seconds : -seconds
        }
    }
}
