internal import Synchronization

/// The result of one connection: the reader thread writes it, the follower reads it afterwards.
final class StreamSession: Sendable {
    /// Why the reader ended the connection.
    enum Ending: Sendable, Equatable {
        /// The consumer is too slow; reading resumes from the last accepted position when there is room.
        case queueFull
        /// Other hosts delivered events, and this one did not although its socket was alive.
        case stalled
        /// No event came; another host, or this one again, is tried to see whether it is also quiet.
        case quiet
        /// The server ended the stream with this error.
        case serverError(name: String, message: String)
        /// The position is useless; reading resumes by time, or on a relay with live events.
        case positionGivenUp(StreamGap.Reason)
        /// A preferred host may be back.
        case failBack
        /// A message that is too large was passed; from here on the host should send messages of all sizes.
        case poisonPassed

        /// Whether the messages before the end are worth recording.
        var isAbnormal: Bool {
            switch self {
            case .queueFull, .failBack, .poisonPassed, .quiet: false
            case .stalled, .serverError, .positionGivenUp: true
            }
        }
    }

    private struct State {
        var accepted: StoredPosition?
        var ending: Ending?
        var isHealthy = false
        var last: Int64 = 0
    }

    private let state = Mutex(State())

    /// The last position that the queue accepted; nil when there is none.
    var accepted: StoredPosition? { state.withLock { $0.accepted } }

    /// Why the reader ended the connection; nil when it did not end it.
    var ending: Ending? { state.withLock { $0.ending } }

    /// The position of the last message that was read, handed over or not; set when the reader is released.
    var last: Int64 { state.withLock { $0.last } }

    /// Whether the connection lasted at least a minute.
    var isHealthy: Bool { state.withLock { $0.isHealthy } }

    func accept(_ position: StoredPosition) { state.withLock { $0.accepted = position } }

    func end(_ ending: Ending) { state.withLock { if $0.ending == nil { $0.ending = ending } } }

    func finish(at last: Int64) { state.withLock { $0.last = last } }

    func markHealthy() { state.withLock { $0.isHealthy = true } }
}

extension StreamSession.Ending {
    /// The reason for logs and metrics, and a clause that explains it.
    var description: (reason: String, detail: String) {
        switch self {
        case .queueFull: ("mailbox-full", "the ledger is behind; reading goes on when it has caught up")
        case .stalled:
            ("stalled", "the host was connected but sent nothing while other hosts did; another host is read")
        case .quiet: ("quiet", "the host sent nothing; a new connection shows whether there is nothing")
        case .positionGivenUp(let reason):
            (reason.rawValue, "reading cannot go on where it stopped; what lies between is a gap, and is looked for")
        case .failBack: ("fail-back", "a host that comes earlier in stream.hosts is tried again")
        case .poisonPassed: ("obstacle-passed", "an event that is too large was passed over")
        case .serverError(let name, let message): (name, message)
        }
    }
}
