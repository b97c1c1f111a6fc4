/// Several requests for one owner in one message.
///
/// The first request is told at once; those that come within the window behind a message wait for its end and are told
/// together.
public struct DigestConfiguration: Sendable, Equatable {
    /// How long after a message the owner's next one comes at the earliest; zero combines only what waits anyway.
    public var window: Duration = .seconds(300)
    /// Requests that are listed in one message; the rest is counted.
    ///
    /// 1 never combines requests, and has no window.
    public var maximumListed = 5
    /// Requests that one message may speak of, listed or counted.
    public var maximumCounted = 200

    /// Five minutes, five requests.
    public init() {}

    /// Whether requests are combined at all.
    public var isEnabled: Bool { maximumListed > 1 }
}
