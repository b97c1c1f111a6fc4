public import ATProtocol

/// Who may get messages, about what, and how many.
public struct PolicyConfiguration: Sendable, Equatable {
    /// Which recipients count as having agreed.
    public enum Recipients: String, Sendable, CaseIterable {
        /// Owners who follow the sender; the rest wait until they do. The default.
        case followers
        /// Owners on the list.
        case allowlist
        /// Every owner. Bluesky counts unsolicited automated messages as spam: docs/delivery.md quotes the guideline.
        case anyone
    }

    /// Which recipients count as having agreed.
    public var recipients = Recipients.followers
    /// The owners who may get messages when ``recipients`` is ``Recipients/allowlist``.
    public var allowlist: Set<DID> = []
    /// Authors whose requests are never told.
    public var blockedAuthors: Set<DID> = []
    /// A record that was older than this when the stream saw it is not news.
    public var maximumAge: Duration = .seconds(24 * 3600)
    /// The most messages in an hour about one author's requests; more wait.
    public var authorHourlyLimit = 20
    /// So many requests of one author within ``burstWindow`` count as automated.
    public var authorBurst = 60
    /// The window of ``authorBurst``.
    public var burstWindow: Duration = .seconds(600)
    /// How long an author stays blocked after a burst.
    public var burstPause: Duration = .seconds(24 * 3600)
    /// The most messages to one owner in an hour; more wait.
    public var ownerHourlyLimit = 6
    /// The most messages to one owner in a day; more wait.
    public var ownerDailyLimit = 24
    /// How long a job waits for the owner to follow, or to change their mind, before it is dropped.
    public var waitExpiry: Duration = .seconds(30 * 24 * 3600)
    /// How long a job may be queued; an older request is no news to its owner.
    public var maximumQueueAge: Duration = .seconds(7 * 24 * 3600)
    /// How often the AppView is asked whether owners follow the sender.
    public var followInterval: Duration = .seconds(900)
    /// How often to try again an owner who takes no messages.
    public var disabledInterval: Duration = .seconds(7 * 24 * 3600)

    /// The default policy.
    public init() {}
}
