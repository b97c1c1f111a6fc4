/// What a message is.
enum MessageKind: String, Sendable, Hashable, CaseIterable {
    /// It tells of requests.
    case notice
    /// It says that nothing more is written.
    case stopped
    /// It says that its recipient is written to again.
    case started
    /// It says that its recipient was not understood.
    case help
    /// It says what can be asked for.
    case commands
    /// It says what waits.
    case status
    /// It says that nothing is told of a project.
    case muted
    /// It says that a project is told of again.
    case unmuted
    /// It asks which project was meant.
    case unclear
    /// It says how often its recipient is written to.
    case digest

    /// Whether it answers what its recipient wrote: it speaks of no job, and is a row before it is its turn.
    var isAnswer: Bool { self != .notice }
}
