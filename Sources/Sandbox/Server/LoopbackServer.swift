internal import Network
internal import Synchronization

/// An HTTP/1.1 server on 127.0.0.1, one blocking thread a connection: it reads requests, lets each in by the front door,
/// and delivers what comes out.
///
/// Not the daemon's own server, because a fault is often below HTTP: a RST in the middle of a header, a response that ends
/// early, a WebSocket frame that no library would send. It is a test tool and bounded: loopback only, 256 connections,
/// 64 KiB of header, 4 MiB of body.
final class LoopbackServer: Sendable {
    private struct State {
        var isOpen = true
        var connections: [Int: ServerSocket] = [:]
    }

    private static let maximumConnections = 256

    /// Its name in fault patterns and in the journal.
    let name: String
    /// `http://127.0.0.1:port/`.
    let url: WebURL
    private let keepAlive: Duration
    private let door: FrontDoor
    private let listener: LoopbackListener
    private let state = Mutex(State())

    /// Binds a port; connections wait until ``serve(_:)``.
    init(_ name: String, port: UInt16, keepAlive: Duration, door: FrontDoor) throws(SandboxError) {
        listener = LoopbackListener(port: port)
        if let number = listener.failure { throw SandboxError("cannot listen on 127.0.0.1:\(port): errno \(number)") }
        do { url = try WebURL("http://127.0.0.1:\(listener.port)/") } catch { throw SandboxError("\(error)") }
        self.name = name
        self.keepAlive = keepAlive
        self.door = door
    }

    /// Answers requests on threads of its own until ``stop()``.
    func serve(_ handler: @escaping FrontDoor.Handler) throws(SandboxError) {
        let isServing = listener.serve { [self] descriptor, number in
            let socket = ServerSocket(descriptor: descriptor)
            if enter(socket, number) { converse(socket, handler) }
            socket.close()
            state.withLock { $0.connections[number] = nil }
        }
        if !isServing { throw SandboxError("no thread left for \(name)") }
    }

    /// How many connections are open; one ends when what it asked for is done and its client has gone.
    var connectionCount: Int { listener.connectionCount }

    /// Closes the port and every connection.
    func stop() {
        listener.stop()
        state.withLock { state in
            state.isOpen = false
            for connection in state.connections.values { connection.interrupt() }
        }
    }

    /// Takes a connection in; false when there is no room for it.
    private func enter(_ socket: ServerSocket, _ number: Int) -> Bool {
        state.withLock { state in
            guard state.isOpen, state.connections.count < Self.maximumConnections else { return false }
            state.connections[number] = socket
            return true
        }
    }

    private func converse(_ socket: ServerSocket, _ handler: FrontDoor.Handler) {
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
            let (reply, fault) = door.admit(request, to: handler)
            if case .upgrade(let response, let take) = reply {
                guard (try? socket.write(response.encoded())) != nil else { return }
                return take(socket, reader.pending)
            }
            let delivery = Delivery(socket: socket, isHead: request.method == "HEAD")
            guard delivery.deliver(reply.response, fault?.effect),
                request.headers["Connection"]?.lowercased() != "close"
            else { return }
        }
    }
}
