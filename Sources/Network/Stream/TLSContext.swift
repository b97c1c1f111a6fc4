internal import COpenSSL
internal import Synchronization

/// What TLS connections of one kind share: trust, protocol versions and the sessions that can be resumed.
///
/// TLS 1.2 and 1.3 with the system's trust store and, if wanted, one more file of authorities. Keep one context for all
/// connections to a service: a reconnect then resumes its session (RFC 8446 §2.2) and saves a round of certificates.
@safe public final class TLSContext: Sendable {
    /// One reference to a session; OpenSSL counts references atomically.
    @safe struct Session: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    @safe private struct State {
        var context: OpaquePointer?
        var sessions: [String: Session] = [:]
    }

    /// A file of PEM certificates that are trusted beside the system's, nil for none.
    public let extraAuthorities: String?
    private let state = Mutex(State())

    /// A context; the files are read by the first connection.
    ///
    /// - Parameter extraAuthorities: a file of PEM certificates that are trusted beside the system's.
    public init(extraAuthorities: String? = nil) { self.extraAuthorities = extraAuthorities }

    deinit {
        state.withLock { state in
            state.sessions.values.forEach { unsafe SSL_SESSION_free($0.pointer) }
            unsafe SSL_CTX_free(state.context)
        }
    }

    /// Reads the files now, as the first connection does, and keeps nothing.
    ///
    /// - Throws: ``StreamFailure`` in OpenSSL's words, when no connection could be made with them.
    public func prove() throws(StreamFailure) {
        let context = unsafe try makeContext(peer: "")
        unsafe SSL_CTX_free(context)
    }

    /// A new OpenSSL connection object, with the session of an earlier connection of the same key if there is one.
    func makeConnection(sessionKey: String, peer: String) throws(StreamFailure) -> OpaquePointer {
        unsafe try state.withLock { (state: inout sending State) throws(StreamFailure) -> OpaquePointer in
            if unsafe state.context == nil { unsafe state.context = try makeContext(peer: peer) }
            guard let connection = unsafe SSL_new(state.context) else {
                throw StreamFailure(.tls, peer: peer, "SSL_new: \(TLSContext.lastError())")
            }
            if let session = state.sessions.removeValue(forKey: sessionKey) {
                // TLS 1.3 tickets are for one use (RFC 8446 appendix C.4); the connection brings new ones.
                unsafe SSL_set_session(connection, session.pointer)
                unsafe SSL_SESSION_free(session.pointer)
            }
            return unsafe connection
        }
    }

    /// Keeps a session for the next connection of this key, if it can be resumed; takes over the reference.
    func keep(_ session: Session, key: String) {
        guard unsafe SSL_SESSION_is_resumable(session.pointer) == 1 else {
            unsafe SSL_SESSION_free(session.pointer)
            return
        }
        let old = state.withLock { $0.sessions.updateValue(session, forKey: key) }
        if let old { unsafe SSL_SESSION_free(old.pointer) }
    }

    private func makeContext(peer: String) throws(StreamFailure) -> sending OpaquePointer {
        guard let context = unsafe SSL_CTX_new(TLS_client_method()) else {
            throw StreamFailure(.tls, peer: peer, "SSL_CTX_new: \(TLSContext.lastError())")
        }
        unsafe shim_SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION)
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        unsafe SSL_CTX_set_options(context, UInt64(shim_SSL_OP_NO_RENEGOTIATION()))
        var isReady = unsafe SSL_CTX_set_default_verify_paths(context) == 1
        var call = "SSL_CTX_set_default_verify_paths"
        if isReady, let extraAuthorities {
            isReady = unsafe SSL_CTX_load_verify_file(context, extraAuthorities) == 1
            call = "reading the authorities in \(extraAuthorities)"
        }
        guard isReady else {
            let reason = TLSContext.lastError()
            unsafe SSL_CTX_free(context)
            throw StreamFailure(.tls, peer: peer, "\(call): \(reason)")
        }
        return unsafe context
    }

    /// The text of the first entry in OpenSSL's error queue of this thread, the cause of the others; empties the queue.
    static func lastError() -> String {
        let number = ERR_get_error()
        ERR_clear_error()
        guard number != 0 else { return "no reason given" }
        // ERR_SYSTEM_FLAG of err.h: the rest is an errno, which has no reason string.
        guard number & 0x8000_0000 == 0 else { return unsafe String(cString: strerror(Int32(number & 0x7FFF_FFFF))) }
        guard let reason = unsafe ERR_reason_error_string(number) else { return "error \(number)" }
        return unsafe String(cString: reason)
    }
}
