/// The `Retry-After` field in both of its forms (RFC 9110 §10.2.3).
public enum RetryAfter {
    /// How long to wait, never negative; nil when the text is neither a number of seconds nor a date.
    ///
    /// - Parameters:
    ///   - text: `120`, or `Wed, 21 Oct 2015 07:28:00 GMT`.
    ///   - now: the time to subtract from a date.
    /// - Returns: how long to wait.
    public static func wait(_ text: String, now: UnixTime) -> Duration? {
        if let seconds = UInt32(text) { return .seconds(Int64(seconds)) }
        return HTTPDate.seconds(text).map { max(.zero, UnixTime(seconds: $0) - now) }
    }
}
