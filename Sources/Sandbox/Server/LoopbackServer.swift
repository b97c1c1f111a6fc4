internal import CLinux
internal import Glibc
internal import Network
internal import Synchronization

/// An HTTP/1.1 server on 127.0.0.1, one blocking thread a connection.
///
/// Not the daemon's own server, because a fault is often below HTTP: a RST in the middle of a header, a response that ends
/// early, a WebSocket frame that no library would send. It is a test tool and bounded: loopback only, 256 connections,
/// 64 KiB of header, 4 MiB of body.
final class LoopbackServer: Sendable {
    typealias Handler = @Sendable (IncomingRequest) -> Reply

    private struct State {
        var listener: Int32?
        var connections: [Int: ServerSocket] = [:]
        var accepted = 0
    }

    private static let maximumConnections = 256

    /// Its name in fault patterns and in the journal.
    let name: String
    /// `http://127.0.0.1:port/`.
    let url: WebURL
    private let keepAlive: Duration
    private let faults: FaultPlan
    private let journal: Journal
    private let state: Mutex<State>

    /// Binds a port; connections wait until ``serve(_:)``.
    init(
        _ name: String,
        port: UInt16,
        keepAlive: Duration,
        faults: FaultPlan,
        journal: Journal
    ) throws(SandboxError) {
        let (listener, bound) = try Self.listen(port: port)
        do { url = try WebURL("http://127.0.0.1:\(bound)/") } catch { throw SandboxError("\(error)") }
        self.name = name
        self.keepAlive = keepAlive
        self.faults = faults
        self.journal = journal
        state = Mutex(State(listener: listener))
    }

    /// Answers requests on threads of its own until ``stop()``.
    func serve(_ handler: @escaping Handler) throws(SandboxError) {
        guard let listener = state.withLock(\.listener) else { throw SandboxError("\(name) has been stopped") }
        guard PlainThread.start({ self.accept(on: listener, handler) }) == 0 else {
            throw SandboxError("no thread left for \(name)")
        }
    }

    /// How many connections are open; one ends when what it asked for is done and its client has gone.
    var connectionCount: Int { state.withLock(\.connections.count) }

    /// Closes the port and every connection.
    func stop() {
        state.withLock { state in
            if let listener = state.listener { shutdown(listener, Int32(SHUT_RDWR)) }
            state.listener = nil
            for connection in state.connections.values { connection.interrupt() }
        }
    }

    private static func listen(port: UInt16) throws(SandboxError) -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        guard descriptor >= 0 else { throw SandboxError("no socket: errno \(errno)") }
        var on: Int32 = 1
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, length) == 0 && Glibc.listen(descriptor, 128) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else {
            let reason = errno
            _ = close(descriptor)
            throw SandboxError("cannot listen on 127.0.0.1:\(port): errno \(reason)")
        }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    private func accept(on listener: Int32, _ handler: @escaping Handler) {
        while true {
            let descriptor = Glibc.accept(listener, nil, nil)
            guard descriptor >= 0 else {
                if errno == EINTR || errno == ECONNABORTED { continue }
                break
            }
            // A daemon that a test starts must not inherit the connection: it would keep it open.
            _ = shim_fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            let socket = ServerSocket(descriptor: descriptor)
            let number = state.withLock { state -> Int? in
                guard state.listener != nil, state.connections.count < Self.maximumConnections else { return nil }
                state.accepted += 1
                state.connections[state.accepted] = socket
                return state.accepted
            }
            guard let number else {
                socket.close()
                continue
            }
            let failure = PlainThread.start {
                self.converse(socket, handler)
                socket.close()
                self.state.withLock { $0.connections[number] = nil }
            }
            if failure != 0 { socket.close() }
        }
        _ = close(listener)
    }

    private func converse(_ socket: ServerSocket, _ handler: Handler) {
        var reader = RequestReader(socket, server: name)
        // Nobody is told that a connection ends which was used once, and the next request may be on its way.
        var patience: Duration?
        while !reader.pending.isEmpty || socket.wait(patience).isReadable {
            patience = keepAlive
            let request: IncomingRequest
            do { request = try reader.next() } catch {
                if case .malformed = error {
                    try? socket.write(HTTPResponse.text("malformed request", status: 400).encoded())
                }
                return
            }
            let fault = faults.take(for: request)
            let isHandled = fault?.moment != .beforeHandling || fault?.effect.needsHandling == true
            let reply = isHandled ? handler(request) : .response(HTTPResponse(status: 500))
            let status = fault?.effect.response?.status ?? reply.response.status
            journal.append(JournalEntry(request, status: isHandled ? status : nil, fault: fault))
            if case .upgrade(let response, let take) = reply, fault == nil {
                guard (try? socket.write(response.encoded())) != nil else { return }
                return take(socket, reader.pending)
            }
            let delivery = Delivery(socket: socket, isHead: request.method == "HEAD")
            let response = faults.answer(reply.response, to: request, fault?.effect)
            guard delivery.deliver(response, fault?.effect),
                request.headers["Connection"]?.lowercased() != "close"
            else { return }
        }
    }
}
