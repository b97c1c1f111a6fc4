import COpenSSL
import Glibc
import Network
import Synchronization
import TestSupport

/// A TLS server on 127.0.0.1 with a certificate of its own.
@safe final class StreamTLSServer: Sendable {
    /// How the server ends a connection after it has answered.
    enum Ending: Sendable {
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
    struct Hello: Sendable, Equatable {
        var serverName: String?
        var resumed = false
        var proposal: String?
    }

    /// A file with the certificate, to be trusted.
    let certificateFile: String
    private let listener = LoopbackListener()
    private nonisolated(unsafe) let context: OpaquePointer?
    private let seen = Mutex<[Hello]>([])

    var port: UInt16 { listener.port }
    var hellos: [Hello] { seen.withLock { $0 } }

    /// Serves until ``stop()``: reads four bytes of each connection and answers them.
    init(names: String, version: Int32 = TLS1_3_VERSION, ending: Ending = .closeNotify) throws {
        let files = try StreamCertificate.make(names: names)
        certificateFile = files.certificate
        unsafe context = SSL_CTX_new(TLS_server_method())
        unsafe SSL_CTX_use_certificate_file(context, files.certificate, SSL_FILETYPE_PEM)
        unsafe SSL_CTX_use_PrivateKey_file(context, files.key, SSL_FILETYPE_PEM)
        unsafe shim_SSL_CTX_set_min_proto_version(context, version)
        unsafe shim_SSL_CTX_set_max_proto_version(context, version)
        unsafe SSL_CTX_set_alpn_select_cb(
            context,
            { _, out, outLength, offered, length, _ in
                guard length >= 9, let offered = unsafe offered else { return SSL_TLSEXT_ERR_NOACK }
                unsafe out?.pointee = offered + 1
                unsafe outLength?.pointee = offered.pointee
                return SSL_TLSEXT_ERR_OK
            },
            nil
        )
        listener.serve { [self] socket, _ in unsafe serve(SSL_new(context), socket, ending) }
    }

    deinit { unsafe SSL_CTX_free(context) }

    /// Accepts no more connections, and removes the certificate and its key.
    func stop() {
        listener.stop()
        StreamCertificate.remove(certificateFile)
    }

    private func serve(_ connection: OpaquePointer?, _ socket: Int32, _ ending: Ending) {
        defer {
            unsafe SSL_free(connection)
            close(socket)
        }
        unsafe SSL_set_fd(connection, socket)
        guard unsafe SSL_accept(connection) == 1 else { return }
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
        var bytes = [UInt8](repeating: 0, count: 4)
        guard unsafe SSL_read(connection, &bytes, 4) == 4 else { return }
        // The answer and what ends it come in one segment.
        cork(socket, true)
        unsafe SSL_write(connection, bytes, 4)
        switch ending {
        case .closeNotify, .closeNotifyAlone: unsafe SSL_shutdown(connection)
        case .fin, .silence: break
        case .halfRecord:
            // A record of application data that announces 64 bytes and brings three.
            let record: [UInt8] = [0x17, 0x03, 0x03, 0x00, 0x40, 1, 2, 3]
            _ = unsafe send(socket, record, record.count, Int32(MSG_NOSIGNAL))
        case .forgedRecord:
            let record: [UInt8] = [0x17, 0x03, 0x03, 0x00, 0x40] + [UInt8](repeating: 7, count: 64)
            _ = unsafe send(socket, record, record.count, Int32(MSG_NOSIGNAL))
        }
        cork(socket, false)
        if ending != .closeNotifyAlone, ending != .silence { shutdown(socket, Int32(SHUT_WR)) }
        var rest: UInt8 = 0
        while unsafe recv(socket, &rest, 1, 0) > 0 {}
    }

    private func cork(_ socket: Int32, _ isCorked: Bool) {
        var flag: Int32 = isCorked ? 1 : 0
        unsafe setsockopt(socket, Int32(IPPROTO_TCP), TCP_CORK, &flag, socklen_t(MemoryLayout<Int32>.size))
    }
}
