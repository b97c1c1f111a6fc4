package import ATProtocol
package import Network

/// What a sweep asks for, and how fast.
package struct SweepConfiguration: Sendable {
    /// Origins that list the repositories of a collection: the `https` addresses of relays; all of them are asked.
    package var directories: [WebURL]
    /// The wanted collections; for a namespace, those of its collections that were seen are asked for.
    package var collections: [CollectionPattern]
    /// How much older than a gap a record may be that arrived in it: `policy.maximum_age`.
    ///
    /// Lagging hosts, and servers that come back, deliver records that were written long before. Nobody is told of
    /// older ones.
    package var lookback = Duration.seconds(86_400)
    /// Records older than this may have been told and forgotten since, so they are not looked for.
    package var memory = Duration.seconds(90 * 86_400)
    /// How long after the first sweep a gap is swept again, because directories lag.
    package var settling = Duration.seconds(3600)
    /// The most authors of a collection that are asked; with more the sweep stays unfinished.
    package var maximumAuthors = 200_000
    /// The most that is kept of one answer with an author's records, in bytes of JSON; strangers choose its length.
    package var maximumAnswer = 4 << 20
    /// How many authors are asked at the same time.
    package var concurrency = 4
    /// Requests in a second, to all hosts together.
    ///
    /// A third of what the network's servers allow one address (3,000 in five minutes). The rest is left to messages.
    package var rate = 3.0
    /// From the start of one request to its last byte.
    package var timeout = Duration.seconds(20)
    /// Development only: allows plain `http` to loopback addresses.
    package var allowsLoopback: Bool

    /// A configuration with the usual limits.
    package init(directories: [WebURL], collections: [CollectionPattern], allowsLoopback: Bool = false) {
        self.directories = directories
        self.collections = collections
        self.allowsLoopback = allowsLoopback
    }
}
