/// How messages are sent: pace, patience and doubt.
public struct SendingConfiguration: Sendable, Equatable {
    /// Whether anything is sent; shadow mode does everything else, and says what it would have sent.
    public var isEnabled = true
    /// Value of `atproto-proxy` on every chat call.
    public var proxy = "did:web:api.bsky.chat#bsky_chat"
    /// The least time between two messages; zero for tests.
    ///
    /// Five a minute drew a block of six hours from the service.
    public var interval: Duration = .seconds(15)
    /// How long a sender that was idle waits at random, at most and never longer than ``interval``, so that of two that hear
    /// of the same at the same time one sees what the other wrote; zero for tests.
    var hesitation: Duration = .seconds(5)
    /// Notices in 24 hours; more wait.
    public var dailyLimit = 1000
    /// How long an unknown outcome is left alone before the conversation is read: the PDS gives up after 10 s, its
    /// token for the chat service dies after 60 s.
    public var settle: Duration = .seconds(120)
    /// How often one message may be sent when the conversation proves each time that it did not arrive.
    public var maximumSends = 2
    /// First wait after a failure of the way; doubles up to ``maximumWait``.
    public var firstWait: Duration = .seconds(5)
    /// The longest wait after failures of the way.
    public var maximumWait: Duration = .seconds(900)
    /// First wait after the chat service's rate limit; doubles up to ``maximumLimitWait``.
    public var firstLimitWait: Duration = .seconds(60)
    /// The longest wait for the chat service's rate limit.
    public var maximumLimitWait: Duration = .seconds(3600)
    /// How often a paused sender looks whether the operator has helped.
    public var probeInterval: Duration = .seconds(600)
    /// How often the owners' answers are read; nil never reads them.
    public var answersInterval: Duration? = .seconds(60)
    /// How long finished jobs are kept, at least as long as any stream can be replayed.
    public var retention: Duration = .seconds(90 * 24 * 3600)

    /// The usual pace.
    public init() {}
}
