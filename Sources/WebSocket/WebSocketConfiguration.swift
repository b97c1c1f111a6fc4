public import Network

/// Everything that one connection needs to know.
///
/// Keep ``tls`` and ``addresses`` for reconnects to the same service: they hold the sessions that can be resumed, and the
/// addresses that led nowhere.
public struct WebSocketConfiguration: Sendable {
    /// How much memory a server can make us use.
    public struct Limits: Sendable, Equatable {
        /// The largest message after inflating, in bytes; more closes with 1009.
        public var message = 8 << 20
        /// The largest header section of the answer to the upgrade, in bytes.
        public var upgradeHeader = 16_384
        /// Bytes that wait to be sent; ``WebSocketConnection/send(text:)`` refuses more.
        public var outgoing = 1 << 20

        /// 8 MiB a message, 16 KiB of header, 1 MiB to be sent.
        public init() {}
    }

    /// When silence means death.
    public struct Liveness: Sendable, Equatable {
        /// Nothing received for this long: send a ping.
        public var pingAfter: Duration = .seconds(20)
        /// Nothing received for this long: give up.
        public var deadAfter: Duration = .seconds(45)

        /// Ping after 20 s, give up after 45 s.
        public init() {}
    }

    /// Where to: `wss`, or `ws` to a loopback address when ``allowsLoopback`` is set.
    public var url: WebURL
    /// Subprotocols to offer, the best first (RFC 6455 §4.1).
    public var subprotocols: [String] = []
    /// Fields beside those of the upgrade itself: `User-Agent`, for example.
    public var headers: HTTPHeaders = [:]
    /// What the server of ``url`` is shown as a bearer token; one that it redirects to is not.
    public var key: HostKey?
    /// The compression to offer (RFC 7692), nil for none: inflating costs some 25 times what reading costs.
    public var deflate: DeflateOffer?
    /// What a server can make us use.
    public var limits = Limits()
    /// The time of connecting, proxy and TLS.
    public var deadlines = StreamDeadlines()
    /// The time from the request to the end of the 101's header.
    public var upgradeDeadline: Duration = .seconds(10)
    /// How long the server may take to close after the closing handshake has begun.
    public var closeDeadline: Duration = .seconds(1)
    /// When silence means death.
    public var liveness = Liveness()
    /// How long the reader rests after it has drained a live stream, so that one wake-up brings several messages.
    ///
    /// Zero for none. Never used while the socket has more to read. It is the most that a message or pong is delayed.
    public var coalesce: Duration = .milliseconds(10)
    /// Trust and resumable sessions.
    public var tls: TLSContext
    /// The addresses that are tried last.
    public var addresses = AddressMemory()
    /// The proxy for `wss`.
    public var proxy: ProxySettings
    /// Whether plain `ws` to loopback addresses is allowed: for development only.
    public var allowsLoopback: Bool

    /// A configuration with this program's usual limits and deadlines.
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
