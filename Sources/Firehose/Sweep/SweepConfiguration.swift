public import ATProtocol
public import Network

/// What a sweep asks, and how much of it at once.
public struct SweepConfiguration: Sendable {
    /// Origins that list the repositories of a collection, in order of preference: relays' `https` addresses.
    public var directories: [WebURL]
    /// The collections that are looked for, and the namespaces of which those that were seen are.
    public var collections: [CollectionPattern]
    /// The most authors of a collection that are asked for; more leave the sweep unfinished.
    public var maximumAuthors: Int
    /// Authors that are asked at the same time.
    public var concurrency: Int
    /// From the start of one request to its last byte.
    public var timeout: Duration
    /// The development switch: plain `http` to loopback addresses.
    public var allowsLoopback: Bool

    /// A configuration with the usual limits.
    public init(directories: [WebURL], collections: [CollectionPattern], allowsLoopback: Bool = false) {
        self.directories = directories
        self.collections = collections
        maximumAuthors = 200_000
        concurrency = 8
        timeout = .seconds(20)
        self.allowsLoopback = allowsLoopback
    }
}
