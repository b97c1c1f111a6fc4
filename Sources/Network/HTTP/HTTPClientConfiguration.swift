/// What every request of one client has in common.
public struct HTTPClientConfiguration: Sendable {
    /// Sent as `User-Agent`; names the program, its version and where to complain.
    public var userAgent: String
    /// The development switch: plain `http`, any port and loopback addresses are allowed, for loopback hosts only.
    public var allowsLoopback: Bool
    /// A PEM file of authorities to trust beside the system's; nil for none.
    public var certificateAuthorityFile: String?
    /// The proxy for secure requests to hosts that no stranger chose.
    public var proxy: ProxySettings
    /// TCP and TLS must be up within this time.
    public var connectTimeout: Duration
    /// Connections to one host at a time; more requests wait.
    public var connectionsPerHost: Int

    /// A configuration with this program's usual limits.
    public init(
        userAgent: String,
        allowsLoopback: Bool = false,
        certificateAuthorityFile: String? = nil,
        proxy: ProxySettings = .none,
        connectTimeout: Duration = .seconds(10),
        connectionsPerHost: Int = 4
    ) {
        self.userAgent = userAgent
        self.allowsLoopback = allowsLoopback
        self.certificateAuthorityFile = certificateAuthorityFile
        self.proxy = proxy
        self.connectTimeout = connectTimeout
        self.connectionsPerHost = connectionsPerHost
    }
}
