public import ATProtocol

/// Public posts that mention owners who take no direct messages and have agreed to be told in public.
public struct MentionConfiguration: Sendable, Equatable {
    /// The owners who have agreed; apart from them only those are mentioned whose ``Preferences`` say so.
    public var owners: Set<DID> = []
    /// The least time between two posts.
    public var interval: Duration = .seconds(900)
    /// The most posts in 24 hours; more wait.
    public var dailyLimit = 24

    /// Nobody is mentioned.
    public init() {}

    /// Whether anybody is on the list.
    public var isEnabled: Bool { !owners.isEmpty }
}
