internal import CMicroHTTPD
internal import Dispatch
internal import Synchronization

/// A reply that follows: until it is there, its connection rests.
///
/// The connection is taken up again exactly once, by the first reply. Until then the library keeps it; after that it may be gone
/// at any moment.
@safe final class PendingReply: Sendable {
    private let state = Mutex<ServerReply?>(nil)
    private nonisolated(unsafe) let connection: OpaquePointer

    /// Lets a connection rest; on the server's thread, while it is asked for the answer.
    init(_ connection: OpaquePointer) {
        unsafe self.connection = connection
        unsafe MHD_suspend_connection(connection)
    }

    /// The reply; nil while the connection rests.
    var reply: ServerReply? { state.withLock { $0 } }

    /// Gives the reply, unless there is one.
    func fulfil(_ reply: ServerReply) {
        let isFirst = state.withLock { state in
            guard state == nil else { return false }
            state = reply
            return true
        }
        if isFirst { unsafe MHD_resume_connection(connection) }
    }

    /// Gives this reply when there is none by the end of the time.
    func fulfil(after limit: Duration, _ reply: ServerReply) {
        let milliseconds = Int(limit / .milliseconds(1))
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { self.fulfil(reply) }
    }
}

/// The replies that a server owes: none may be owed when it stops, for the library ends the process over a connection that
/// rests (`MHD_stop_daemon`).
final class PendingReplies: Sendable {
    private struct State {
        var owed: [ObjectIdentifier: PendingReply] = [:]
        var isEnding = false
    }

    private let state = Mutex(State())

    /// Takes note of a reply that is owed, or gives it at once when the server stops.
    func owe(_ pending: PendingReply) {
        let isEnding = state.withLock { state in
            if !state.isEnding { state.owed[ObjectIdentifier(pending)] = pending }
            return state.isEnding
        }
        if isEnding { pending.fulfil(Self.stopping) }
    }

    /// Forgets a reply that is on its way, or can never be sent any more.
    func forget(_ pending: PendingReply) {
        _ = state.withLock { $0.owed.removeValue(forKey: ObjectIdentifier(pending)) }
    }

    /// Gives every reply that is owed, those that would still come included.
    func end() {
        let owed = state.withLock { state in
            state.isEnding = true
            return Array(state.owed.values)
        }
        for pending in owed { pending.fulfil(Self.stopping) }
    }

    private static let stopping = ServerReply("the server stops\n".utf8, status: 503)
}
