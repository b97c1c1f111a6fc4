public import COpenSSL
internal import Glibc
internal import Network
internal import Sandbox
internal import Synchronization

/// A TLS server on 127.0.0.1 with a certificate of its own.
@safe public final class StreamTLSServer: Sendable {
    /// How the server ends a connection after it has answered.
    public enum Ending: Sendable {
        /// `close_notify`, then a FIN.
        case closeNotify
        /// `close_notify`, and TCP stays open.
        case closeNotifyAlone
        /// A FIN alone.
        case fin
        /// Nothing: the client leaves.
        case silence
        /// The first bytes of a record, then a FIN.
        case halfRecord
        /// A record that cannot be decrypted, then a FIN.
        case forgedRecord
    }

    /// What the client asked for in its handshake.
    public struct Hello: Sendable, Equatable {
        /// The name that it expects (RFC 6066 §3).
        public var serverName: String?
        /// Whether it went on with a session.
        public var resumed = false
        /// The protocol that was chosen (RFC 7301).
        public var proposal: String?

        /// A hello of these parts.
        public init(serverName: String? = nil, resumed: Bool = false, proposal: String? = nil) {
            self.serverName = serverName
            self.resumed = resumed
            self.proposal = proposal
        }
    }

    /// A file with the certificate, to be trusted.
    public let certificateFile: String
    private let listener = LoopbackListener()
    private nonisolated(unsafe) let context: OpaquePointer?
    private let seen = Mutex<[Hello]>([])

    /// Where it listens.
    public var port: UInt16 { listener.port }
    /// The handshakes so far, in order.
    public var hellos: [Hello] { seen.withLock { $0 } }

    /// Serves until ``stop()``.
    ///
    /// - Parameters:
    ///   - names: the certificate's alternative names: `DNS:localhost,IP:127.0.0.1`; nil for none.
    ///   - subject: the certificate's common name.
    ///   - version: the only version of TLS that is spoken.
    ///   - ending: how each connection is ended.
    ///   - converse: what is said on each, on a thread of its own; by itself, four bytes are read and answered.
    /// - Throws: when the certificate cannot be made.
    public init(
        names: String?,
        subject: String = "test",
        version: Int32 = TLS1_3_VERSION,
        ending: Ending = .closeNotify,
        converse: @escaping @Sendable (StreamTLSPeer) -> Void = StreamTLSServer.echo
    ) throws {
        let files = try StreamCertificate.make(names: names, subject: subject)
        certificateFile = files.certificate
        unsafe context = SSL_CTX_new(TLS_server_method())
        unsafe SSL_CTX_use_certificate_file(context, files.certificate, SSL_FILETYPE_PEM)
        unsafe SSL_CTX_use_PrivateKey_file(context, files.key, SSL_FILETYPE_PEM)
        unsafe shim_SSL_CTX_set_min_proto_version(context, version)
        unsafe shim_SSL_CTX_set_max_proto_version(context, version)
        unsafe SSL_CTX_set_alpn_select_cb(
            context,
            { _, out, outLength, offered, length, _ in
                let offers = unsafe UnsafeBufferPointer(start: offered, count: Int(length))
                guard let start = unsafe StreamTLSServer.place(of: Array("http/1.1".utf8), in: Array(offers)) else {
                    return SSL_TLSEXT_ERR_NOACK
                }
                unsafe out?.pointee = offered.map { unsafe $0 + start }
                unsafe outLength?.pointee = 8
                return SSL_TLSEXT_ERR_OK
            },
            nil
        )
        listener.serve { [self] socket, _ in unsafe serve(SSL_new(context), socket, ending, converse) }
    }

    /// Where a protocol's name begins in a list of them, each behind its length (RFC 7301 §3.1).
    private static func place(of name: [UInt8], in offers: [UInt8]) -> Int? {
        var place = 0
        while place < offers.count {
            let end = place + 1 + Int(offers[place])
            if end <= offers.count, Array(offers[(place + 1)..<end]) == name { return place + 1 }
            place = end
        }
        return nil
    }

    deinit { unsafe SSL_CTX_free(context) }

    /// Accepts no more connections, and removes the certificate and its key.
    public func stop() {
        listener.stop()
        StreamCertificate.remove(certificateFile)
    }

    /// The answer, and what ends it, come in one segment.
    public static let echo: @Sendable (StreamTLSPeer) -> Void = { peer in
        let bytes = peer.read(4)
        peer.hold(true)
        peer.write(bytes)
    }

    private func serve(
        _ connection: OpaquePointer?,
        _ socket: Int32,
        _ ending: Ending,
        _ converse: (StreamTLSPeer) -> Void
    ) {
        defer {
            unsafe SSL_free(connection)
            close(socket)
        }
        unsafe SSL_set_fd(connection, socket)
        guard let connection = unsafe connection, unsafe SSL_accept(connection) == 1 else { return }
        unsafe note(connection)
        let peer = unsafe StreamTLSPeer(connection, socket: socket)
        converse(peer)
        peer.end(ending)
    }

    private func note(_ connection: OpaquePointer) {
        var hello = Hello()
        if let name = unsafe SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name) {
            hello.serverName = unsafe String(cString: name)
        }
        hello.resumed = unsafe SSL_session_reused(connection) == 1
        var selected: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        unsafe SSL_get0_alpn_selected(connection, &selected, &length)
        if let selected = unsafe selected {
            hello.proposal = unsafe String(
                decoding: UnsafeBufferPointer(start: selected, count: Int(length)),
                as: UTF8.self
            )
        }
        seen.withLock { $0.append(hello) }
    }
}
