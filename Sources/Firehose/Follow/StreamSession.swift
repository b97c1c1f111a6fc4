internal import Synchronization

/// What one connection has come to: written by its reader thread, read by the follower when it has ended.
final class StreamSession: Sendable {
    /// Why the reader itself ended the connection.
    enum Ending: Sendable, Equatable {
        /// Business code is behind; reading goes on from the last accepted position when there is room.
        case mailboxFull
        /// Other hosts brought something, and this one did not although its socket lived.
        case stalled
        /// Nothing came, and another host, or this one once more, is asked whether it is as quiet.
        case quiet
        /// The server ended the stream with this error.
        case serverError(name: String, message: String)
        /// The position means nothing any more; reading goes on by time, on a relay with the present.
        case positionGivenUp(StreamGap.Reason)
        /// A preferred host may be back.
        case failBack
        /// A message that is too large was left behind; from here on the host is to send everything again.
        case obstaclePassed

        /// Whether somebody may want to know what came before it.
        var isAbnormal: Bool {
            switch self {
            case .mailboxFull, .failBack, .obstaclePassed, .quiet: false
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

    /// The last position that the mailbox took; nil when it took none.
    var accepted: StoredPosition? { state.withLock { $0.accepted } }

    /// Why the reader ended the connection; nil when it did not.
    var ending: Ending? { state.withLock { $0.ending } }

    /// The position of the last message that was read, handed over or not; known when the reader is gone.
    var last: Int64 { state.withLock { $0.last } }

    /// Whether the connection lived for a minute.
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
        case .mailboxFull: ("mailbox-full", "the ledger is behind; reading goes on when it has caught up")
        case .stalled:
            ("stalled", "the host was connected but sent nothing while other hosts did; another host is read")
        case .quiet: ("quiet", "the host sent nothing; a new connection shows whether there is nothing")
        case .positionGivenUp(let reason):
            (reason.rawValue, "reading cannot go on where it stopped; what lies between is a gap, and is looked for")
        case .failBack: ("fail-back", "a host that comes earlier in stream.hosts is tried again")
        case .obstaclePassed: ("obstacle-passed", "an event that is too large was passed over")
        case .serverError(let name, let message): (name, message)
        }
    }
}
