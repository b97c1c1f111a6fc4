public import ATProtocol
public import Logging
public import Network

/// What the session uses from outside; it is passed in so that tests can replace it.
public struct SessionEnvironment: Sendable {
    /// Makes HTTP requests.
    public var client: any HTTPClient
    /// Resolves DIDs to documents.
    public var identities: any IdentityResolving
    public var clock: any WallClock
    public var sleeper: any Clock<Duration>
    /// The file system of the session file.
    package var files: any SessionFileSystem = POSIXFileSystem()
    /// A random number between 0 and 1, for jitter.
    package var jitter: @Sendable () -> Double = { Double.random(in: 0...1) }
    /// Receives the log lines.
    public var logger: Logger

    /// An environment with these parts, the machine's file system and the system's random numbers.
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
