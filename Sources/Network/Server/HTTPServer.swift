internal import CLinux
internal import CMicroHTTPD
internal import Dispatch
internal import Glibc
internal import Synchronization

/// A small HTTP server on its own thread: one short answer per connection, at once or later.
///
/// libmicrohttpd does the I/O. Swift's cooperative pool is not involved, and a client can delay only its own answer
/// (``ServerLimits``). It serves until ``stop()`` is called or the last reference is released.
public final class HTTPServer: Sendable {
    /// Answers a request on the server's thread; it must neither wait nor stop the server.
    public typealias Handler = @Sendable (ServerRequest) -> ServerAnswer

    private let handle: Mutex<ServerHandle?>

    /// Starts to serve.
    ///
    /// - Parameters:
    ///   - socket: the server closes it when it stops, or here if it cannot start.
    ///   - limits: what clients may use.
    ///   - handler: answers the requests.
    /// - Throws: ``ServerError`` with code `cannotServe`.
    public init(
        on socket: consuming ListeningSocket,
        limits: ServerLimits = ServerLimits(),
        handler: @escaping Handler
    ) throws(ServerError) {
        handle = Mutex(try ServerHandle(on: socket, limits: limits, handler: handler))
    }

    deinit { stop() }

    /// Closes all connections and frees the port before it returns; the handler must not call it.
    public func stop() { handle.withLock { $0.take() }?.stop() }
}

/// A running libmicrohttpd daemon, and what its callbacks need.
@safe private struct ServerHandle: Sendable {
    /// The context pointer of the callbacks.
    private final class Context: Sendable {
        let connections: ServerConnections
        let replies = PendingReplies()
        let handler: HTTPServer.Handler

        init(_ limits: ServerLimits, _ handler: @escaping HTTPServer.Handler) {
            connections = ServerConnections(limits: limits)
            self.handler = handler
        }

        static func of(_ pointer: UnsafeMutableRawPointer?) -> Context? {
            unsafe pointer.map { unsafe Unmanaged<Context>.fromOpaque($0).takeUnretainedValue() }
        }
    }

    /// What is stored with a request until it is complete.
    private final class Sequel: Sendable {
        /// The reply, if it comes later.
        let pending: PendingReply?
        /// What to do after a reply that was given at once.
        let afterwards: (@Sendable () -> Void)?

        init(pending: PendingReply? = nil, afterwards: (@Sendable () -> Void)? = nil) {
            self.pending = pending
            self.afterwards = afterwards
        }

        func run() { (afterwards ?? pending?.reply?.afterwards)?() }
    }

    /// Connections that were told to end close soon, but new ones need not wait for that.
    private static let slack = 32

    private nonisolated(unsafe) let server: OpaquePointer
    private let context: Context
    /// Our own descriptor of the listening socket.
    private let listener: Int32

    init(
        on socket: borrowing ListeningSocket,
        limits: ServerLimits,
        handler: @escaping HTTPServer.Handler
    ) throws(ServerError) {
        let context = Context(limits, handler)
        // The library closes the descriptor that it was given, but not after every failed start. So it gets a
        // duplicate.
        let descriptor = shim_fcntl(socket.descriptor.rawValue, F_DUPFD_CLOEXEC, 3)
        guard descriptor >= 0 else { throw ServerError(.cannotServe, errno) }
        listener = shim_fcntl(socket.descriptor.rawValue, F_DUPFD_CLOEXEC, 3)
        guard listener >= 0 else {
            let number = errno
            close(descriptor)
            throw ServerError(.cannotServe, number)
        }
        let server = unsafe Self.withoutSignals {
            unsafe shim_mhd_start(
                descriptor,
                UInt32(limits.connections + Self.slack),
                limits.memory,
                { context, connection, path, method, version, _, _, sequel in
                    unsafe ServerHandle.answer(context, connection, path, method, version, sequel)
                },
                { context, connection, _, event in unsafe ServerHandle.note(context, connection, event) },
                { context, _, sequel, _ in unsafe ServerHandle.complete(context, sequel) },
                { _, message, _ in unsafe ServerHandle.heed(message) },
                Unmanaged.passUnretained(context).toOpaque()
            )
        }
        guard let server = unsafe server else {
            let number = errno
            close(listener)
            if Self.isSame(descriptor, socket.descriptor.rawValue) { close(descriptor) }
            throw ServerError(.cannotServe, number == 0 ? EAGAIN : number)
        }
        unsafe self.server = server
        self.context = context
    }

    /// Returns when the server's thread has ended, and with it every call of the handler.
    ///
    /// All connections are closed before the library stops. libmicrohttpd 0.9.75 can otherwise crash: when it stops, it
    /// takes its own answer to an invalid request for queued and reads it from nowhere (`MHD_queue_response` succeeds,
    /// `build_header_response` crashes). We do not call `MHD_quiesce_daemon` either: a race with the server's thread
    /// ends the process.
    func stop() {
        shim_shutdown(listener)
        context.replies.end()
        context.connections.end(within: .seconds(2))
        withExtendedLifetime(context) { unsafe MHD_stop_daemon(server) }
        close(listener)
    }

    /// Starts the server's thread with all signals blocked: other threads wait for them.
    private static func withoutSignals<Result>(_ body: () -> Result) -> Result {
        var (all, before) = (sigset_t(), sigset_t())
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
        errno = 0
        return body()
    }

    /// Whether two descriptors refer to the same socket; each socket has its own inode number.
    private static func isSame(_ one: Int32, _ other: Int32) -> Bool {
        var (first, second) = (stat(), stat())
        return unsafe fstat(one, &first) == 0 && fstat(other, &second) == 0 && first.st_ino == second.st_ino
            && first.st_dev == second.st_dev
    }

    // MARK: On the server's thread

    /// Slows the library down when it is out of descriptors; ignores its other messages, which are about clients.
    ///
    /// Without a descriptor for its first connection the library retries at once, for ever, and uses up a core.
    private static func heed(_ message: UnsafePointer<CChar>?) {
        guard let message = unsafe message, unsafe strstr(message, "at FIRST connection") != nil else { return }
        usleep(100_000)
    }

    private static func note(
        _ context: UnsafeMutableRawPointer?,
        _ connection: OpaquePointer?,
        _ event: MHD_ConnectionNotificationCode
    ) {
        guard let connections = unsafe Context.of(context)?.connections, let connection = unsafe connection else {
            return
        }
        let descriptor = unsafe shim_mhd_descriptor(connection)
        guard event == .CONNECTION_NOTIFY_STARTED else { return connections.closed(descriptor) }
        let source = unsafe shim_mhd_peer(connection).map { unsafe SocketAddress.source(of: $0) }
        connections.opened(descriptor, from: source ?? [])
    }

    private static func answer(
        _ context: UnsafeMutableRawPointer?,
        _ connection: OpaquePointer?,
        _ path: UnsafePointer<CChar>?,
        _ method: UnsafePointer<CChar>?,
        _ version: UnsafePointer<CChar>?,
        _ sequel: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    ) -> MHD_Result {
        guard let context = unsafe Context.of(context), let connection = unsafe connection, let path = unsafe path,
            let method = unsafe method, let version = unsafe version
        else { return .NO }
        if let kept = unsafe sequel?.pointee {
            // The connection was suspended and has been resumed for the reply.
            let pending = unsafe Unmanaged<Sequel>.fromOpaque(kept).takeUnretainedValue().pending
            guard let reply = pending?.reply else { return .YES }
            return unsafe queue(reply.response, on: connection)
        }
        let request = unsafe ServerRequest(
            String(cString: method),
            path: String(cString: path),
            query: fields(of: connection, .GET_ARGUMENT_KIND).map { ($0.name, $0.value) },
            headers: fields(of: connection, .HEADER_KIND),
            version: String(cString: version)
        )
        switch context.handler(request) {
        case .now(let reply):
            if let afterwards = reply.afterwards, let sequel = unsafe sequel {
                unsafe sequel.pointee = Unmanaged.passRetained(Sequel(afterwards: afterwards)).toOpaque()
            }
            // An answer to the head alone: the library reads nothing more and closes.
            return unsafe queue(reply.response, on: connection)
        case .later(let limit, let otherwise, let begin):
            guard let sequel = unsafe sequel else { return .NO }
            let pending = unsafe PendingReply(connection)
            unsafe sequel.pointee = Unmanaged.passRetained(Sequel(pending: pending)).toOpaque()
            context.replies.owe(pending)
            pending.fulfil(after: limit, otherwise)
            begin { pending.fulfil($0) }
            return .YES
        }
    }

    private static func queue(_ response: HTTPResponse, on connection: OpaquePointer) -> MHD_Result {
        let made = unsafe response.body.withUnsafeBytes { bytes in
            unsafe MHD_create_response_from_buffer(
                bytes.count,
                UnsafeMutableRawPointer(mutating: bytes.baseAddress),
                .RESPMEM_MUST_COPY
            )
        }
        guard let made = unsafe made else { return .NO }
        defer { unsafe MHD_destroy_response(made) }
        for field in response.headers { unsafe MHD_add_response_header(made, field.name, field.value) }
        unsafe MHD_add_response_header(made, "Connection", "close")
        return unsafe MHD_queue_response(connection, UInt32(response.status), made)
    }

    private static func fields(of connection: OpaquePointer, _ kind: MHD_ValueKind) -> HTTPHeaders {
        var fields = HTTPHeaders()
        unsafe withUnsafeMutablePointer(to: &fields) { pointer in
            _ = unsafe MHD_get_connection_values(
                connection,
                kind,
                { fields, _, name, value in
                    guard let fields = unsafe fields?.assumingMemoryBound(to: HTTPHeaders.self),
                        let name = unsafe name
                    else { return .NO }
                    let text = unsafe value.map { unsafe String(cString: $0) } ?? ""
                    unsafe fields.pointee.append(String(cString: name), text)
                    return .YES
                },
                pointer
            )
        }
        return fields
    }

    private static func complete(
        _ context: UnsafeMutableRawPointer?,
        _ sequel: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    ) {
        guard let sequel = unsafe sequel, let pointer = unsafe sequel.pointee else { return }
        unsafe sequel.pointee = nil
        let kept = unsafe Unmanaged<Sequel>.fromOpaque(pointer).takeRetainedValue()
        if let pending = kept.pending { unsafe Context.of(context)?.replies.forget(pending) }
        kept.run()
    }
}
