/// How several requests for one owner are combined into one message.
///
/// The first request is told at once. Requests that come within the window after that message wait for the window's end
/// and are told together.
public struct DigestConfiguration: Sendable, Equatable {
    /// The least time between two messages to an owner; zero combines only requests that wait anyway.
    public var window: Duration = .seconds(300)
    /// The most requests that one message lists; more are only counted.
    ///
    /// 1 never combines requests, and has no window.
    public var maximumListed = 5
    /// The most requests that one message tells of, listed or counted.
    public var maximumCounted = 200

    /// Five minutes, five requests.
    public init() {}

    /// Whether requests are combined at all.
    public var isEnabled: Bool { maximumListed > 1 }
}
