internal import Glibc
internal import Network
internal import Synchronization

/// A listening socket of this machine, and the threads of what is served on it.
public final class LoopbackListener: Sendable {
    private struct State {
        var isOpen: Bool
        /// A thread accepts, and closes the descriptor at its end: else it might go on with another's of the same number.
        var isServing = false
        var connections = 0
    }

    /// Its port.
    public let port: UInt16
    /// Why it does not listen, by the system's error number; nil when it does.
    public let failure: Int32?
    private let descriptor: Int32
    private let state: Mutex<State>

    /// Listens; connections wait until ``serve(_:)``.
    ///
    /// - Parameters:
    ///   - host: the last octet of its address, 127.0.0.x.
    ///   - port: an ephemeral one when 0.
    ///   - receiveBuffer: the size of the receive buffer of its connections, in bytes; the system's when nil.
    public init(host: UInt8 = 1, port: UInt16 = 0, receiveBuffer: Int32? = nil) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        // A port that is wanted must not be kept by what has just ended; one that the system chooses is nobody's.
        var isWanted: Int32 = port == 0 ? 0 : 1
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &isWanted, socklen_t(MemoryLayout<Int32>.size))
        if var size = receiveBuffer {
            unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = (UInt32(0x7F00_0000) | UInt32(host)).bigEndian
        address.sin_port = port.bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = unsafe withUnsafeMutablePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, length) == 0 && listen(descriptor, 128) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        failure = isListening ? nil : errno
        if !isListening { close(descriptor) }
        state = Mutex(State(isOpen: isListening))
        self.descriptor = descriptor
        self.port = UInt16(bigEndian: address.sin_port)
    }

    /// Runs the body for each connection, on a thread of its own, until ``stop()``.
    ///
    /// - Parameter body: gets the connected socket, which it must close, and the number of the connection from zero.
    /// - Returns: false when the system has no thread left.
    @discardableResult
    public func serve(_ body: @escaping @Sendable (Int32, Int) -> Void) -> Bool {
        state.withLock { $0.isServing = true }
        let outcome = PlainThread.start { [self] in
            var number = 0
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else {
                    if errno == EINTR || errno == ECONNABORTED { continue }
                    return ended()
                }
                // A process that a test starts must not inherit the connection: it would keep it open.
                _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
                // Counted before the next is taken: who was answered is behind all that came earlier.
                count(1)
                let outcome = PlainThread.start { [self, number] in
                    body(connection, number)
                    count(-1)
                }
                if outcome != 0 {
                    close(connection)
                    count(-1)
                }
                number += 1
            }
        }
        if outcome != 0 { ended() }
        return outcome == 0
    }

    /// How many connections were taken and are not over yet.
    var connectionCount: Int { state.withLock(\.connections) }

    private func count(_ change: Int) { state.withLock { $0.connections += change } }

    /// Accepts no more connections.
    public func stop() {
        state.withLock { state in
            guard state.isOpen else { return }
            state.isOpen = false
            shutdown(descriptor, Int32(SHUT_RDWR))
            if !state.isServing { close(descriptor) }
        }
    }

    private func ended() {
        state.withLock { state in
            state.isServing = false
            if !state.isOpen { close(descriptor) }
        }
    }
}
