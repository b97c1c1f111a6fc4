import Glibc
import Network
import Synchronization

/// A listening socket of this machine, and the threads of what is served on it.
public final class LoopbackListener: Sendable {
    /// Its port.
    public let port: UInt16
    private let descriptor: Int32
    private let state = Mutex(State())

    private struct State {
        var isOpen = true
        /// A thread accepts, and closes the descriptor at its end: else it might go on with another's of the same number.
        var isServing = false
    }

    /// Listens; connections wait until ``serve(_:)``.
    ///
    /// - Parameters:
    ///   - host: the last octet of its address, 127.0.0.x.
    ///   - port: an ephemeral one when 0.
    ///   - receiveBuffer: the size of the receive buffer of its connections, in bytes; the system's when nil.
    public init(host: UInt8 = 1, port: UInt16 = 0, receiveBuffer: Int32? = nil) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        if var size = receiveBuffer {
            unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = (UInt32(0x7F00_0000) | UInt32(host)).bigEndian
        address.sin_port = port.bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                _ = unsafe bind(descriptor, pointer, length)
                _ = listen(descriptor, 16)
                _ = unsafe getsockname(descriptor, pointer, &length)
            }
        }
        self.descriptor = descriptor
        self.port = UInt16(bigEndian: address.sin_port)
    }

    /// Runs the body for each connection, on a thread of its own, until ``stop()``.
    ///
    /// - Parameter body: gets the connected socket, which it must close, and the number of the connection from zero.
    public func serve(_ body: @escaping @Sendable (Int32, Int) -> Void) {
        state.withLock { $0.isServing = true }
        _ = PlainThread.start { [self] in
            var number = 0
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { return ended() }
                // A process that another test starts must not inherit the connection: it would keep it open.
                _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
                _ = PlainThread.start { [number] in body(connection, number) }
                number += 1
            }
        }
    }

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
