/// How a sandbox network is laid out.
public struct SandboxOptions: Sendable {
    /// Ports by server name (`plc`, `pds`, `as`, `appview`, `index`, `stream`, `stream2`, …); any free port for those not named.
    public var ports: [String: UInt16] = [:]
    /// How many stream hosts carry the network's events, each with sequence numbers of its own.
    public var streamHosts = 1
    /// Whether commits are signed and proven, which a relay needs; the work grows with the size of a repository.
    public var signsCommits = false
    /// What the index calls things.
    public var index = IndexNames()
    /// How often an event of an uninvolved account passes, as on a live network; nil for never.
    public var tracerInterval: Duration?
    /// What may be asked of the PDS.
    public var requestLimit = RequestLimit()
    /// How long an HTTP connection is kept on which nothing is asked, as the reference PDS keeps it.
    public var keepAlive = Duration.seconds(90)

    /// One stream host, free ports.
    public init() {}
}
