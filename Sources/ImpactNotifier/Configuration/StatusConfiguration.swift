internal import Network

/// What an operator decides about the status endpoint.
struct StatusConfiguration: Sendable, Equatable {
    /// Where it listens; nil for none.
    var address: StatusAddress?
    /// The names by which it may be asked, in addition to loopback names and every IP address.
    var hosts: [String] = []
    /// The most connections from one address at a time; those of a reverse proxy are all its clients'.
    var connectionsPerAddress = ServerLimits().connectionsPerAddress

    /// The file of the token for questions about requests; nil for none.
    var requestsTokenFile: String?
    /// That token, for the daemon; commands may lack it.
    var requestsToken: BearerToken?

    /// Whether other machines may reach it, so that nobody is told of requests without a token.
    var isReachedByOthers: Bool { address.map { !$0.socketAddress.isLoopback } ?? false }

    /// The limits on its clients.
    var limits: ServerLimits {
        var limits = ServerLimits()
        limits.connectionsPerAddress = connectionsPerAddress
        return limits
    }
}
