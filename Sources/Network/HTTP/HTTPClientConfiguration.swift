/// The settings that all requests of one client share.
public struct HTTPClientConfiguration: Sendable {
    /// The value of `User-Agent`: the program, its version, and a contact.
    public var userAgent: String
    /// For development: allows plain `http`, any port and loopback addresses, for loopback hosts only.
    public var allowsLoopback: Bool
    /// A PEM file of certificate authorities to trust besides the system's; nil for none.
    public var certificateAuthorityFile: String?
    /// The proxy for secure requests, except to hosts that a stranger chose.
    public var proxy: ProxySettings
    /// The longest time for TCP and TLS together.
    public var connectTimeout: Duration
    /// How many connections to one host may be open; further requests wait.
    public var connectionsPerHost: Int

    /// A configuration with the default limits.
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
