public import ATProtocol
public import Logging
public import Network

/// Everything outside the session that it uses, passed in so that tests can replace it.
public struct SessionEnvironment: Sendable {
    /// Makes requests.
    public var client: any HTTPClient
    /// Finds DID documents.
    public var identities: any IdentityResolving
    /// The date.
    public var clock: any WallClock
    /// Waits.
    public var sleeper: any Clock<Duration>
    /// Where the session file lives.
    package var files: any SessionFileSystem = POSIXFileSystem()
    /// A number between 0 and 1, for jitter.
    package var jitter: @Sendable () -> Double = { Double.random(in: 0...1) }
    /// Takes the log lines.
    public var logger: Logger

    /// The machine's own clock, file system and randomness around these parts.
    public init(
        client: any HTTPClient,
        identities: any IdentityResolving,
        clock: any WallClock = SystemClock(),
        sleeper: any Clock<Duration> = ContinuousClock(),
        logger: Logger
    ) {
        self.client = client
        self.identities = identities
        self.clock = clock
        self.sleeper = sleeper
        self.logger = logger
    }
}
