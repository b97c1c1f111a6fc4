internal import Network

/// What is said to somebody who wrote to the sender.
enum OwnerAnswer: Sendable, Hashable {
    /// They get no more messages.
    case stopped
    /// They get messages.
    case started
    /// They were not understood.
    case notUnderstood
    /// What they can ask for.
    case help
    /// What waits for them, and what they want.
    case status(OwnerStanding)
    /// They hear nothing of these projects, for some days or for good.
    case muted([String], days: Int?)
    /// They hear of these projects again; none when none was muted.
    case unmuted([String])
    /// They named no project, or none that is known; some that are.
    case projectUnknown([String])
    /// They are written to so often at the most.
    case digest(DigestPace)
}

/// How somebody who asked for it stands to the sender; projects by their titles, as others wrote them.
struct OwnerStanding: Sendable, Hashable {
    /// Requests about one project.
    struct Waiting: Sendable, Hashable {
        let project: String
        let number: Int
    }

    /// A project of which they want to hear nothing.
    struct Muted: Sendable, Hashable {
        let project: String
        /// Nil for good.
        let until: UnixTime?
    }

    /// Whether they get no messages.
    var isStopped = false
    /// What waits for them, by project, the most first.
    var waiting: [Waiting] = []
    /// How many of these wait until they follow the sender.
    var untilFollow = 0
    /// Whether more waits than was counted.
    var isMore = false
    /// What they said about how often they are written to.
    var pace: DigestPace?
    var muted: [Muted] = []
}
