internal import Network

/// What we answer somebody who wrote to the sender.
enum OwnerAnswer: Sendable, Hashable {
    /// That they get no more messages.
    case stopped
    /// That they get messages.
    case started
    /// That we did not understand them.
    case notUnderstood
    /// What they can ask for.
    case help
    /// What waits for them, and which preferences they have.
    case status(OwnerStanding)
    /// That they are not told about these projects, for some days or for good.
    case muted([String], days: Int?)
    /// That they are told about these projects again; empty when none was muted.
    case unmuted([String])
    /// That they named no known project, with some that are known.
    case projectUnknown([String])
    /// How often at most they are written to.
    case digest(DigestPace)
}

/// What waits for somebody and what they prefer, as shown to them; projects by the titles that others gave them.
struct OwnerStanding: Sendable, Hashable {
    /// Requests about one project.
    struct Waiting: Sendable, Hashable {
        let project: String
        let number: Int
    }

    /// A project that they have muted.
    struct Muted: Sendable, Hashable {
        let project: String
        /// Until when; nil for good.
        let until: UnixTime?
    }

    /// Whether they get no messages.
    var isStopped = false
    /// The requests that wait for them, by project, the most first.
    var waiting: [Waiting] = []
    /// How many of these wait until they follow the sender.
    var untilFollow = 0
    /// Whether more wait than were counted.
    var isMore = false
    /// How often they want to be written to; nil when they never said.
    var pace: DigestPace?
    var muted: [Muted] = []
}
