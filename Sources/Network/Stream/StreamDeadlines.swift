/// The time limit of each phase of opening a stream.
public struct StreamDeadlines: Sendable, Equatable {
    /// Name resolution and TCP.
    public var connect: Duration
    /// The proxy's response to `CONNECT`.
    public var proxy: Duration
    /// The TLS handshake.
    public var tls: Duration

    /// Ten seconds for each phase.
    public init(connect: Duration = .seconds(10), proxy: Duration = .seconds(10), tls: Duration = .seconds(10)) {
        self.connect = connect
        self.proxy = proxy
        self.tls = tls
    }
}
