internal import CMicroHTTPD
internal import Dispatch
internal import Synchronization

/// A reply that comes later; its connection is suspended until then.
///
/// The first reply resumes the connection, exactly once. Until then the library keeps the connection; after that it may
/// be freed at any moment.
@safe final class PendingReply: Sendable {
    private let state = Mutex<ServerReply?>(nil)
    private nonisolated(unsafe) let connection: OpaquePointer

    /// Suspends a connection; must be called on the server's thread, from the request's callback.
    init(_ connection: OpaquePointer) {
        unsafe self.connection = connection
        unsafe MHD_suspend_connection(connection)
    }

    /// The reply; nil while the connection is suspended.
    var reply: ServerReply? { state.withLock { $0 } }

    /// Sets the reply, unless there is one already.
    func fulfil(_ reply: ServerReply) {
        let isFirst = state.withLock { state in
            guard state == nil else { return false }
            state = reply
            return true
        }
        if isFirst { unsafe MHD_resume_connection(connection) }
    }

    /// Sets this reply if there is none when the time is up.
    func fulfil(after limit: Duration, _ reply: ServerReply) {
        let milliseconds = Int(limit / .milliseconds(1))
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { self.fulfil(reply) }
    }
}

/// The replies that a server still owes.
///
/// None may be left when the server stops: the library ends the process if a connection is suspended
/// (`MHD_stop_daemon`).
final class PendingReplies: Sendable {
    private struct State {
        var owed: [ObjectIdentifier: PendingReply] = [:]
        var isEnding = false
    }

    private let state = Mutex(State())

    /// Adds a reply that is owed; if the server is stopping, sets it at once.
    func owe(_ pending: PendingReply) {
        let isEnding = state.withLock { state in
            if !state.isEnding { state.owed[ObjectIdentifier(pending)] = pending }
            return state.isEnding
        }
        if isEnding { pending.fulfil(Self.stopping) }
    }

    /// Removes a reply that is being sent, or can no longer be sent.
    func forget(_ pending: PendingReply) {
        _ = state.withLock { $0.owed.removeValue(forKey: ObjectIdentifier(pending)) }
    }

    /// Sets every reply that is owed; from now on, sets new ones at once.
    func end() {
        let owed = state.withLock { state in
            state.isEnding = true
            return Array(state.owed.values)
        }
        for pending in owed { pending.fulfil(Self.stopping) }
    }

    private static let stopping = ServerReply("the server stops\n".utf8, status: 503)
}
