/// How long each phase of opening a stream may take.
public struct StreamDeadlines: Sendable, Equatable {
    /// Resolving the name and connecting.
    public var connect: Duration
    /// The proxy's answer to `CONNECT`.
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
