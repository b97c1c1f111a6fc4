internal import Network

/// What an operator decides about the status endpoint.
struct StatusConfiguration: Sendable, Equatable {
    /// Where it listens; nil for none.
    var address: StatusAddress?
    /// Names by which it may be asked, beside those of loopback and every IP address.
    var hosts: [String] = []
    /// Connections that one address may have at the same time; a reverse proxy's are those of all its clients.
    var connectionsPerAddress = ServerLimits().connectionsPerAddress

    /// The file of the token that those must show who ask about requests; nil for none.
    var requestsTokenFile: String?
    /// That token, for the daemon; a command need not have it.
    var requestsToken: BearerToken?

    /// Whether others than this machine may reach it, so that nobody is told of requests without a token.
    var isReachedByOthers: Bool { address.map { !$0.socketAddress.isLoopback } ?? false }

    /// What its clients may take.
    var limits: ServerLimits {
        var limits = ServerLimits()
        limits.connectionsPerAddress = connectionsPerAddress
        return limits
    }
}
