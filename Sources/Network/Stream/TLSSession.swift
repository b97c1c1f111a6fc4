internal import COpenSSL
internal import Glibc

/// One TLS connection over a non-blocking socket that the caller owns.
@safe struct TLSSession: ~Copyable {
    /// The largest plaintext of a record in bytes (RFC 8446 §5.1).
    private static let largestRecord = 16 << 10

    private let connection: OpaquePointer
    private let socket: TLSSocket
    private let context: TLSContext
    private let key: String
    private let peer: String
    private var isUsable = true
    /// Whether all records were valid, so that the session may be resumed.
    private var isIntact = true
    /// What followed the bytes of the last read: an end or a failure, which the next read returns.
    private var held: Result<ByteStream.Outcome, StreamError>?

    private init(_ connection: OpaquePointer, _ socket: TLSSocket, _ context: TLSContext, key: String, peer: String) {
        unsafe self.connection = connection
        self.socket = socket
        self.context = context
        self.key = key
        self.peer = peer
    }

    /// Prepares the handshake: server name, host check, ALPN `http/1.1`.
    ///
    /// - Parameters:
    ///   - context: trusted authorities, and sessions that may be resumed.
    ///   - socket: remains the caller's.
    ///   - host: the name or address that the certificate must be for (RFC 9525).
    ///   - sessionKey: connections with the same key may resume each other's sessions.
    ///   - peer: `host:port` for failures.
    /// - Returns: a session whose handshake has not begun.
    /// - Throws: ``StreamError`` with code `tls`.
    static func start(
        _ context: TLSContext,
        socket: Int32,
        host: String,
        sessionKey: String,
        peer: String
    ) throws(StreamError) -> TLSSession {
        let connection = unsafe try context.makeConnection(sessionKey: sessionKey, peer: peer)
        let session = unsafe TLSSession(connection, TLSSocket(socket), context, key: sessionKey, peer: peer)
        guard session.configure(host: host) else {
            throw StreamError(.tls, peer: peer, "setting up: \(TLSContext.lastError())")
        }
        return session
    }

    private func configure(host: String) -> Bool {
        unsafe shim_SSL_set_mode(
            connection,
            Int(SSL_MODE_ENABLE_PARTIAL_WRITE) | Int(SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER)
        )
        unsafe SSL_set_connect_state(connection)
        let protocols: [UInt8] = [8] + Array("http/1.1".utf8)
        // SSL_set_alpn_protos is the exception that returns 0 for success.
        guard let bio = unsafe socket.makeBIO() else { return false }
        // The connection owns the BIO, for both directions; this session owns the buffer behind it.
        unsafe SSL_set_bio(connection, bio, bio)
        guard unsafe SSL_set_alpn_protos(connection, protocols, UInt32(protocols.count)) == 0 else { return false }
        if WebURL.isAddress(host) {
            // An address is compared with the certificate's addresses, and is never sent as a server name (RFC 6066
            // §3).
            return unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection), host) == 1
        }
        // RFC 9525 §2: only the subject alternative names count, never the common name.
        let flags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT
        unsafe SSL_set_hostflags(connection, UInt32(flags))
        return unsafe SSL_set1_host(connection, host) == 1 && shim_SSL_set_tlsext_host_name(connection, host) == 1
    }

    deinit {
        // TLS 1.3 tickets come after the handshake, so the session is saved at the end.
        if isIntact, unsafe SSL_is_init_finished(connection) == 1, let session = unsafe SSL_get1_session(connection) {
            unsafe context.keep(TLSContext.Session(pointer: session), key: key)
            // OpenSSL does not resume a session whose connection ended without close_notify, as a lost one does.
            unsafe SSL_set_shutdown(connection, SSL_SENT_SHUTDOWN)
        }
        unsafe SSL_free(connection)
    }

    mutating func version() -> String { unsafe String(cString: SSL_get_version(connection)) }
    mutating func isResumed() -> Bool { unsafe SSL_session_reused(connection) == 1 }
    /// Whether a read returns something at once: data of a decrypted record, or a whole record.
    mutating func hasPending() -> Bool { unsafe held != nil || SSL_pending(connection) > 0 || socket.hasRecord }

    /// Continues the handshake; nil when it is complete.
    mutating func handshake() throws(StreamError) -> Poll.Interest? {
        // SSL_get_error(3): the error queue must be empty before the call that it explains.
        ERR_clear_error()
        let result = unsafe SSL_do_handshake(connection)
        if result == 1 { return nil }
        if let objection = ForeignAnswer.objection(toTLS: socket.opening) {
            isUsable = false
            throw StreamError(.tls, peer: peer, objection)
        }
        switch unsafe SSL_get_error(connection, result) {
        case SSL_ERROR_WANT_READ: return .readable
        case SSL_ERROR_WANT_WRITE: return .writable
        default:
            isUsable = false
            let verdict = unsafe SSL_get_verify_result(connection)
            if verdict != Int(X509_V_OK) {
                let reason = unsafe String(cString: X509_verify_cert_error_string(verdict))
                throw StreamError(.certificate, peer: peer, CertificateRule.distrust(verdict) ?? reason)
            }
            throw failure("the TLS handshake", result)
        }
    }

    /// Reads the available records, up to the size of the largest possible one.
    ///
    /// A live stream sends one record per message, and OpenSSL returns one record per call.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(StreamError) -> ByteStream.Outcome {
        if let held = held.take() { return try held.get() }
        let outcome = unsafe try readRecord(into: buffer)
        guard case .bytes(var total) = outcome else { return outcome }
        while total < min(buffer.count, Self.largestRecord), hasPending() {
            do throws(StreamError) {
                switch unsafe try readRecord(into: .init(rebasing: buffer[total...])) {
                case .bytes(let count): total += count
                case .blocked: return .bytes(total)
                case .end: held = .success(.end)
                }
            } catch {
                held = .failure(error)
            }
            if held != nil { break }
        }
        return .bytes(total)
    }

    private mutating func readRecord(
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(StreamError) -> ByteStream.Outcome {
        var count = 0
        ERR_clear_error()
        let result = unsafe SSL_read_ex(connection, buffer.baseAddress, buffer.count, &count)
        return result == 1 ? .bytes(count) : try stopped("SSL_read", result)
    }

    mutating func write(_ bytes: RawSpan) throws(StreamError) -> ByteStream.Outcome {
        var count = 0
        ERR_clear_error()
        let result = unsafe bytes.withUnsafeBytes {
            unsafe SSL_write_ex(connection, $0.baseAddress, $0.count, &count)
        }
        return result == 1 ? .bytes(count) : try stopped("SSL_write", result)
    }

    /// Tells the peer that no more data follows (RFC 8446 §6.1); does not wait.
    mutating func sendCloseNotify() {
        guard isUsable, unsafe SSL_is_init_finished(connection) == 1 else { return }
        ERR_clear_error()
        unsafe SSL_shutdown(connection)
        ERR_clear_error()
    }

    private mutating func stopped(_ call: String, _ result: Int32) throws(StreamError) -> ByteStream.Outcome {
        switch unsafe SSL_get_error(connection, result) {
        case SSL_ERROR_WANT_READ: return .blocked(.readable)
        case SSL_ERROR_WANT_WRITE: return .blocked(.writable)
        case SSL_ERROR_ZERO_RETURN: return .end
        case let code:
            isUsable = false
            isIntact = code == SSL_ERROR_SYSCALL
            throw failure(call, result)
        }
    }

    private func failure(_ call: String, _ result: Int32) -> StreamError {
        guard unsafe SSL_get_error(connection, result) == SSL_ERROR_SYSCALL else {
            return StreamError(.tls, peer: peer, "\(call): \(TLSContext.lastError())")
        }
        ERR_clear_error()
        if socket.isAtEnd {
            // RFC 8446 §6.1: without close_notify, somebody on the way may have cut the stream.
            return StreamError(.truncated, peer: peer, "\(call): the peer ended the connection without close_notify")
        }
        return StreamError(.reset, peer: peer, "\(call): \(Descriptor.message(socket.error))")
    }
}
