/// The field `Retry-After` in both of its forms (RFC 9110 §10.2.3).
public enum RetryAfter {
    /// How long to wait, never negative; nil for text that is neither a count of seconds nor a date.
    ///
    /// - Parameters:
    ///   - text: `120`, or `Wed, 21 Oct 2015 07:28:00 GMT`.
    ///   - now: the time that a date is counted from.
    /// - Returns: the wait.
    public static func wait(_ text: String, now: UnixTime) -> Duration? {
        if let seconds = UInt32(text) { return .seconds(Int64(seconds)) }
        return HTTPDate.seconds(text).map { max(.zero, UnixTime(seconds: $0) - now) }
    }
}
