internal import COpenSSL
internal import Synchronization

/// What TLS connections of one kind share: trusted authorities, protocol versions and sessions to resume.
///
/// It uses TLS 1.2 and 1.3, the system's trust store and, optionally, one more file of authorities. Keep one context
/// for all connections to a service: a reconnect then resumes its session (RFC 8446 §2.2), which saves the exchange of
/// certificates.
@safe public final class TLSContext: Sendable {
    /// One reference to a session; OpenSSL's reference counts are atomic.
    @safe struct Session: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    @safe private struct State {
        var context: OpaquePointer?
        var sessions: [String: Session] = [:]
    }

    /// A PEM file of authorities to trust besides the system's, nil for none.
    public let extraAuthorities: String?
    private let state = Mutex(State())

    /// A context; the first connection reads the files.
    ///
    /// - Parameter extraAuthorities: a PEM file of authorities to trust besides the system's.
    public init(extraAuthorities: String? = nil) { self.extraAuthorities = extraAuthorities }

    deinit {
        state.withLock { state in
            state.sessions.values.forEach { unsafe SSL_SESSION_free($0.pointer) }
            unsafe SSL_CTX_free(state.context)
        }
    }

    /// Reads the files once, to check them, and keeps nothing.
    ///
    /// - Throws: ``StreamError`` with OpenSSL's message when no connection could be made with them.
    public func prove() throws(StreamError) {
        let context = unsafe try makeContext(peer: "")
        unsafe SSL_CTX_free(context)
    }

    /// Makes an OpenSSL connection object, with the session of an earlier connection with the same key if there is one.
    func makeConnection(sessionKey: String, peer: String) throws(StreamError) -> OpaquePointer {
        unsafe try state.withLock { (state: inout sending State) throws(StreamError) -> OpaquePointer in
            if unsafe state.context == nil { unsafe state.context = try makeContext(peer: peer) }
            guard let connection = unsafe SSL_new(state.context) else {
                throw StreamError(.tls, peer: peer, "SSL_new: \(TLSContext.lastError())")
            }
            if let session = state.sessions.removeValue(forKey: sessionKey) {
                // A TLS 1.3 ticket is for one use (RFC 8446 appendix C.4); the connection will bring new ones.
                unsafe SSL_set_session(connection, session.pointer)
                unsafe SSL_SESSION_free(session.pointer)
            }
            return unsafe connection
        }
    }

    /// Keeps a session that can be resumed for the next connection with this key; takes over the reference.
    func keep(_ session: Session, key: String) {
        guard unsafe SSL_SESSION_is_resumable(session.pointer) == 1 else {
            unsafe SSL_SESSION_free(session.pointer)
            return
        }
        let old = state.withLock { $0.sessions.updateValue(session, forKey: key) }
        if let old { unsafe SSL_SESSION_free(old.pointer) }
    }

    private func makeContext(peer: String) throws(StreamError) -> sending OpaquePointer {
        guard let context = unsafe SSL_CTX_new(TLS_client_method()) else {
            throw StreamError(.tls, peer: peer, "SSL_CTX_new: \(TLSContext.lastError())")
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
            throw StreamError(.tls, peer: peer, "\(call): \(reason)")
        }
        return unsafe context
    }

    /// The first entry in this thread's OpenSSL error queue, which caused the others; empties the queue.
    static func lastError() -> String {
        let number = ERR_get_error()
        ERR_clear_error()
        guard number != 0 else { return "no reason given" }
        // ERR_SYSTEM_FLAG of err.h: the other bits are an errno, which has no reason string.
        guard number & 0x8000_0000 == 0 else { return unsafe String(cString: strerror(Int32(number & 0x7FFF_FFFF))) }
        guard let reason = unsafe ERR_reason_error_string(number) else { return "error \(number)" }
        return unsafe String(cString: reason)
    }
}
