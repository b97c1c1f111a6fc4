internal import Network

/// What an operator decides about the status endpoint.
struct StatusConfiguration: Sendable, Equatable {
    /// Where it listens; nil for none.
    var address: StatusAddress?
    /// Names by which it may be asked, beside those of loopback and every IP address.
    var hosts: [String] = []
    /// Connections that one address may have at the same time; a reverse proxy's are those of all its clients.
    var connectionsPerAddress = ServerLimits().connectionsPerAddress

    /// What its clients may take.
    var limits: ServerLimits {
        var limits = ServerLimits()
        limits.connectionsPerAddress = connectionsPerAddress
        return limits
    }
}
