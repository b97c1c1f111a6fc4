/// What a recipient wants, as far as it is otherwise than the configuration says.
public struct Preferences: Sendable, Equatable {
    /// How often they are written to; nil for the `digest.window` of the configuration.
    public var digest: DigestPace?
    /// The most messages in an hour; nil, and whatever is more than the policy allows, for those of the policy.
    public var hourlyLimit: Int?
    /// The same for a day.
    public var dailyLimit: Int?
    /// Whether they are mentioned in public when they take no messages; nil when only `mentions.owners` says it.
    public var mention: Bool?

    /// Nothing otherwise than the configuration says.
    public init() {}
}
