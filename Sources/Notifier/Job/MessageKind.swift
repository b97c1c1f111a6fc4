/// What a message is.
enum MessageKind: String, Sendable, Hashable, CaseIterable {
    /// It tells of requests.
    case notice
    /// It confirms that nothing more is sent.
    case stopped
    /// It confirms that messages are sent again.
    case started
    /// It says that we did not understand its recipient.
    case help
    /// It says what can be asked for.
    case commands
    /// It says what waits.
    case status
    /// It confirms that a project is muted.
    case muted
    /// It confirms that a project is no longer muted.
    case unmuted
    /// It asks which project was meant.
    case unclear
    /// It confirms how often its recipient is written to.
    case digest

    /// Whether it answers what its recipient wrote: it belongs to no job, and is stored before its turn comes.
    var isAnswer: Bool { self != .notice }
}
