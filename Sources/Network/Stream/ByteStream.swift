internal import CLinux
internal import Glibc

/// A connected, non-blocking byte stream, plain or with TLS; it closes when its lifetime ends.
///
/// One thread owns it. No call waits: one that cannot proceed returns what to wait for with ``Poll``.
@safe public struct ByteStream: ~Copyable {
    /// The result of a read or write.
    public enum Outcome: Sendable, Equatable {
        /// This many bytes were moved, at least one.
        case bytes(Int)
        /// No byte was moved; try again when the socket is ready for this.
        case blocked(Poll.Interest)
        /// The peer has closed its sending side: a FIN on plain TCP, `close_notify` under TLS (RFC 8446 §6.1).
        case end
    }

    /// The peer as `host:port`, as the caller named it, for failures.
    public let peer: String
    /// The address that accepted the connection, or the proxy's address.
    public let address: SocketAddress
    private let socket: Descriptor
    private var tls: TLSSession?

    init(socket: consuming Descriptor, address: SocketAddress, peer: String) {
        self.socket = socket
        self.address = address
        self.peer = peer
    }

    /// The descriptor to poll.
    public var descriptor: Int32 { socket.rawValue }

    /// `TLSv1.3` or `TLSv1.2`, nil on plain TCP.
    public private(set) var tlsVersion: String?

    /// Whether the TLS handshake resumed an earlier session.
    public private(set) var isResumed = false

    /// Whether another read may return bytes at once, without waiting for the socket.
    ///
    /// A plain read that did not fill its buffer has drained the socket; another read would only cost a system call.
    public private(set) var mayHaveMore = false

    /// Reads the available bytes.
    ///
    /// - Parameter buffer: not empty.
    /// - Returns: the result.
    /// - Throws: ``StreamError`` with code `reset`, `truncated` or `tls`.
    public mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(StreamError) -> Outcome {
        if let outcome = unsafe try tls?.read(into: buffer) {
            // A read that must first write, for a key update, cannot proceed even if there are bytes to read.
            if case .blocked = outcome { mayHaveMore = false } else { mayHaveMore = tls?.hasPending() ?? false }
            return outcome
        }
        while true {
            let count = unsafe recv(socket.rawValue, buffer.baseAddress, buffer.count, 0)
            if count > 0 {
                mayHaveMore = count == buffer.count
                return .bytes(count)
            }
            mayHaveMore = false
            if count == 0 { return .end }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .blocked(.readable)
            default: throw StreamError(.reset, peer: peer, "recv: \(Descriptor.message(errno))")
            }
        }
    }

    /// Writes as much as the kernel takes.
    ///
    /// - Parameter bytes: not empty.
    /// - Returns: the result.
    /// - Throws: ``StreamError`` with code `reset` or `tls`.
    public mutating func write(_ bytes: RawSpan) throws(StreamError) -> Outcome {
        if let outcome = try tls?.write(bytes) { return outcome }
        while true {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe send(socket.rawValue, $0.baseAddress, $0.count, shim_MSG_NOSIGNAL)
            }
            if count >= 0 { return .bytes(count) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .blocked(.writable)
            default: throw StreamError(.reset, peer: peer, "send: \(Descriptor.message(errno))")
            }
        }
    }

    /// Closes the sending side: `close_notify` under TLS, then a FIN; reading is still possible.
    public mutating func finishWriting() {
        tls?.sendCloseNotify()
        _ = shutdown(socket.rawValue, Int32(SHUT_WR))
    }

    /// Switches the stream to TLS; call ``handshake()`` to do the handshake.
    mutating func startTLS(_ context: TLSContext, host: String, sessionKey: String) throws(StreamError) {
        tls = try TLSSession.start(context, socket: socket.rawValue, host: host, sessionKey: sessionKey, peer: peer)
    }

    /// Continues the TLS handshake; nil when it is complete.
    mutating func handshake() throws(StreamError) -> Poll.Interest? {
        if let interest = try tls?.handshake() ?? nil { return interest }
        tlsVersion = tls?.version()
        isResumed = tls?.isResumed() ?? false
        return nil
    }
}
