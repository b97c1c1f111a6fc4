/// How messages are sent: pace, patience, and what happens in doubt.
public struct SendingConfiguration: Sendable, Equatable {
    /// Whether anything is sent; shadow mode does everything else, and logs what would have been sent.
    public var isEnabled = true
    /// The value of `atproto-proxy` on every chat call.
    public var proxy = "did:web:api.bsky.chat#bsky_chat"
    /// The least time between two messages; zero for tests.
    ///
    /// Five messages a minute made the service block an account for six hours.
    public var interval: Duration = .seconds(15)
    /// The longest random wait of an idle sender before it sends; zero for tests.
    ///
    /// It is never longer than ``interval``. If two daemons hear of the same request at the same time, the wait lets
    /// one see what the other wrote.
    var hesitation: Duration = .seconds(5)
    /// The most notices in 24 hours; more wait.
    public var dailyLimit = 1000
    /// How long to wait after an unknown outcome before the conversation is read.
    ///
    /// The PDS gives up after 10 s, and its token for the chat service expires after 60 s.
    public var settle: Duration = .seconds(120)
    /// How often one message may be sent, when the conversation proves each time that it did not arrive.
    public var maximumSends = 2
    /// The first wait after the service could not be reached; doubles up to ``maximumWait``.
    public var firstWait: Duration = .seconds(5)
    /// The longest wait while the service cannot be reached.
    public var maximumWait: Duration = .seconds(900)
    /// The first wait after a rate limit of the chat service; doubles up to ``maximumLimitWait``.
    public var firstLimitWait: Duration = .seconds(60)
    /// The longest wait after a rate limit of the chat service.
    public var maximumLimitWait: Duration = .seconds(3600)
    /// How often a paused sender checks whether the operator has solved the problem.
    public var probeInterval: Duration = .seconds(600)
    /// How often the owners' answers are read; nil never reads them.
    public var answersInterval: Duration? = .seconds(60)
    /// How long finished jobs are kept; at least as long as any stream can be replayed.
    public var retention: Duration = .seconds(90 * 24 * 3600)

    /// The default pace.
    public init() {}

    /// The wait after so many failed attempts.
    func backoff(_ attempts: Int) -> Duration { firstWait.doubled(attempts, atMost: maximumWait) }
}
