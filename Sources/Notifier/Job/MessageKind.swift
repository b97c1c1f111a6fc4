/// What a message is.
enum MessageKind: String, Sendable, Hashable, CaseIterable {
    /// It tells of requests.
    case notice
    /// It says that nothing more is written.
    case stopped
    /// It says that its recipient is written to again.
    case started
    /// It says what can be answered.
    case help

    /// Whether it answers what its recipient wrote: it speaks of no job, and is a row before it is its turn.
    var isAnswer: Bool { self != .notice }
}
