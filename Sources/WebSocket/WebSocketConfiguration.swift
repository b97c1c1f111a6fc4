public import Network

/// All settings of one connection.
///
/// Keep ``tls`` and ``addresses`` when you reconnect to the same service: they hold the TLS sessions that can be
/// resumed, and the addresses that failed.
public struct WebSocketConfiguration: Sendable {
    /// How much memory a server can make us use.
    public struct Limits: Sendable, Equatable {
        /// The largest message after inflating, in bytes; a larger one closes the connection with 1009.
        public var message = 8 << 20
        /// The largest header section of the server's answer to the upgrade, in bytes.
        public var upgradeHeader = 16_384
        /// How many bytes may wait to be sent; ``WebSocketConnection/send(text:)`` throws beyond that.
        public var outgoing = 1 << 20

        /// 8 MiB per message, 16 KiB of header, 1 MiB waiting to be sent.
        public init() {}
    }

    /// How long a connection may be silent.
    public struct Liveness: Sendable, Equatable {
        /// Send a ping after this long without a byte.
        public var pingAfter: Duration = .seconds(20)
        /// Give the connection up after this long without a byte.
        public var deadAfter: Duration = .seconds(45)

        /// Ping after 20 s, give up after 45 s.
        public init() {}
    }

    /// The server: `wss`, or `ws` to a loopback address when ``allowsLoopback`` is set.
    public var url: WebURL
    /// Subprotocols to offer, in order of preference (RFC 6455 §4.1).
    public var subprotocols: [String] = []
    /// Header fields to send besides those of the upgrade itself, for example `User-Agent`.
    public var headers: HTTPHeaders = [:]
    /// The bearer token for the server of ``url``; it is not sent to a server that this one redirects to.
    public var key: HostKey?
    /// The compression to offer (RFC 7692), nil for none: inflating costs about 25 times as much as reading.
    public var deflate: DeflateOffer?
    /// The memory that a server can make us use.
    public var limits = Limits()
    /// Time limits for connecting, proxy and TLS.
    public var deadlines = StreamDeadlines()
    /// How long the upgrade may take, from the request to the end of the 101's header.
    public var upgradeDeadline: Duration = .seconds(10)
    /// How long the server may take to close after the closing handshake has begun.
    public var closeDeadline: Duration = .seconds(1)
    /// How long the connection may be silent.
    public var liveness = Liveness()
    /// How long the reader rests after it has drained a live stream, so that one wake-up brings several messages.
    ///
    /// Zero means no rests. The reader does not rest while the socket has more to read. A message or pong is delayed by
    /// this much at most.
    public var coalesce: Duration = .milliseconds(10)
    /// Trusted certificates and resumable sessions.
    public var tls: TLSContext
    /// Addresses that failed before and are tried last.
    public var addresses = AddressMemory()
    /// The proxy for `wss`.
    public var proxy: ProxySettings
    /// Whether plain `ws` to loopback addresses is allowed: for development only.
    public var allowsLoopback: Bool

    /// A configuration with the default limits and deadlines.
    public init(
        url: WebURL,
        tls: TLSContext = TLSContext(),
        proxy: ProxySettings = .none,
        allowsLoopback: Bool = false
    ) {
        self.url = url
        self.tls = tls
        self.proxy = proxy
        self.allowsLoopback = allowsLoopback
    }
}
