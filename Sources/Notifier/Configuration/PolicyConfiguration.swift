public import ATProtocol

/// Who may get messages, about what, and how many.
public struct PolicyConfiguration: Sendable, Equatable {
    /// Whose consent counts as given.
    public enum Recipients: String, Sendable, CaseIterable {
        /// Owners who follow the sender; the rest wait until they do. The default.
        case followers
        /// Owners on the list.
        case allowlist
        /// Every owner. Bluesky counts unsolicited automated messages as spam: docs/delivery.md quotes the guideline.
        case anyone
    }

    /// Whose consent counts as given.
    public var recipients = Recipients.followers
    /// The owners who may get messages when ``recipients`` is ``Recipients/allowlist``.
    public var allowlist: Set<DID> = []
    /// Authors whose requests are never told to anybody.
    public var blockedAuthors: Set<DID> = []
    /// A record older than this when the stream saw it is no news.
    public var maximumAge: Duration = .seconds(24 * 3600)
    /// Messages that one author's requests may cause in an hour; more wait.
    public var authorHourlyLimit = 20
    /// Requests of one author within ``burstWindow`` from which they are taken for a machine.
    public var authorBurst = 60
    /// The window of ``authorBurst``.
    public var burstWindow: Duration = .seconds(600)
    /// How long an author stays blocked after a burst.
    public var burstPause: Duration = .seconds(24 * 3600)
    /// Messages to one owner in an hour; more wait.
    public var ownerHourlyLimit = 6
    /// Messages to one owner in a day; more wait.
    public var ownerDailyLimit = 24
    /// How long a refused message waits for a follow or for another decision of the owner.
    public var waitExpiry: Duration = .seconds(30 * 24 * 3600)
    /// How long a message may be queued; what is older is no news to its owner.
    public var maximumQueueAge: Duration = .seconds(7 * 24 * 3600)
    /// How often it is asked whether owners follow the sender.
    public var followInterval: Duration = .seconds(900)
    /// How often an owner who takes no messages is asked again.
    public var disabledInterval: Duration = .seconds(7 * 24 * 3600)

    /// The usual policy.
    public init() {}
}
