public import ATProtocol
public import Network

/// A stretch of the stream that nobody has read and no sweep has closed yet.
public struct OpenGap: Sendable, Equatable, Identifiable {
    /// Its number in the store.
    public let id: Int64
    /// Where and why.
    public let gap: StreamGap
    /// When it was declared.
    public let noticedAt: UnixTime

    /// A gap as it was stored.
    public init(id: Int64, gap: StreamGap, noticedAt: UnixTime) {
        self.id = id
        self.gap = gap
        self.noticedAt = noticedAt
    }
}

/// Where gaps are kept until they are closed, beside what was seen.
public protocol GapStore: Sendable {
    /// The gaps that are still to be closed, oldest first.
    func openGaps() async throws -> [OpenGap]

    /// Whether a record was seen before, by whatever way.
    func knows(_ uri: ATURI) async throws -> Bool

    /// The collections that wanted records were seen of.
    func seenCollections() async throws -> [NSID]
}
