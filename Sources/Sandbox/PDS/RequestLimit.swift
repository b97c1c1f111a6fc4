internal import ATProtocol
internal import Network
internal import Synchronization

/// How much may be asked of the PDS in a window, all callers, accounts and methods together, as the reference PDS counts an
/// address: proxied calls and what the PDS answers itself.
public struct RequestLimit: Sendable {
    /// Requests in a window; 3,000 at Bluesky's hosts, as good as unlimited here.
    public var requests = 1_000_000
    /// How long a window is; it begins with a request.
    public var window = Duration.seconds(300)

    /// No limit that anybody meets.
    public init() {}

    public init(requests: Int, window: Duration) {
        self.requests = requests
        self.window = window
    }
}

/// Counts against a limit.
final class RequestCount: Sendable {
    private let limit: RequestLimit
    /// The count, and when the window ends, in seconds since the Unix epoch.
    private let state = Mutex((count: 0, end: 0.0))

    init(_ limit: RequestLimit) { self.limit = limit }

    /// Counts a request.
    ///
    /// - Parameter now: seconds since the Unix epoch.
    /// - Returns: the refusal, when it is one too many; and the headers that every answer carries.
    func take(at now: Double) -> (refusal: ResponseError?, headers: HTTPHeaders) {
        let seconds = limit.window.inSeconds
        let (count, end) = state.withLock { state in
            if now >= state.end { state = (0, now + seconds) }
            state.count += 1
            return state
        }
        let headers: HTTPHeaders = [
            "RateLimit-Limit": "\(limit.requests)", "RateLimit-Remaining": "\(max(0, limit.requests - count))",
            "RateLimit-Reset": "\(Int(end.rounded(.up)))", "RateLimit-Policy": "\(limit.requests);w=\(Int(seconds))",
        ]
        guard count > limit.requests else { return (nil, headers) }
        let wait: HTTPHeaders = ["Retry-After": "\(Int((end - now).rounded(.up)))"]
        return (.failure(429, "RateLimitExceeded", "Rate Limit Exceeded", headers: wait), headers)
    }
}
