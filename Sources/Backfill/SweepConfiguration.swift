package import ATProtocol
package import Network

/// What a sweep asks, and how fast.
package struct SweepConfiguration: Sendable {
    /// Origins that list the repositories of a collection: relays' `https` addresses, all of which are asked.
    package var directories: [WebURL]
    /// The collections that are looked for, and the namespaces of which those that were seen are.
    package var collections: [CollectionPattern]
    /// How much older than a gap a record may be that arrived in it.
    ///
    /// Hosts that lag and servers that come back deliver what was written long before. `policy.maximum_age`: older ones are
    /// told to nobody.
    package var lookback: Duration
    /// What was written longer ago than this may have been told and forgotten, and is not looked for.
    package var memory: Duration
    /// How long after the first look a gap is looked through again before it closes: directories lag.
    package var settling: Duration
    /// The most authors of a collection that are asked for; more leave the sweep unfinished.
    package var maximumAuthors: Int
    /// The most of an author's records that is kept of one answer, in bytes of JSON: strangers choose their length.
    package var maximumAnswer: Int
    /// Authors that are asked at the same time.
    package var concurrency: Int
    /// Requests in a second, of all hosts together.
    ///
    /// A third of what the network's servers allow an address (3,000 in five minutes), so that messages find room beside
    /// it.
    package var rate: Double
    /// From the start of one request to its last byte.
    package var timeout: Duration
    /// The development switch: plain `http` to loopback addresses.
    package var allowsLoopback: Bool

    /// A configuration with the usual limits.
    package init(directories: [WebURL], collections: [CollectionPattern], allowsLoopback: Bool = false) {
        self.directories = directories
        self.collections = collections
        lookback = .seconds(86_400)
        memory = .seconds(90 * 86_400)
        settling = .seconds(3600)
        maximumAuthors = 200_000
        concurrency = 4
        maximumAnswer = 4 << 20
        rate = 3
        timeout = .seconds(20)
        self.allowsLoopback = allowsLoopback
    }
}
