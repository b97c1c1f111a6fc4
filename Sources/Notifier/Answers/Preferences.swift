/// How a recipient's wishes differ from the configuration.
public struct Preferences: Sendable, Equatable {
    /// How often they are written to; nil for the `digest.window` of the configuration.
    public var digest: DigestPace?
    /// The most messages in an hour; nil for the policy's limit, which is never exceeded.
    public var hourlyLimit: Int?
    /// The most messages in a day; nil for the policy's limit, which is never exceeded.
    public var dailyLimit: Int?
    /// Whether they want to be mentioned in public when they take no messages; nil to go by `mentions.owners`.
    public var mention: Bool?

    /// No wishes beyond the configuration.
    public init() {}
}
