import Glibc
import Synchronization

/// A TCP connection to a port of this machine, of a client that need not behave; it blocks its thread.
public final class RawConnection: Sendable {
    /// How a wait for bytes ended.
    public enum Outcome: Sendable, Equatable {
        /// Bytes came.
        case bytes([UInt8])
        /// The server has ended the connection.
        case ended
        /// Neither in time.
        case silence
    }

    private let descriptor: Int32
    private let isOpen = Mutex(true)

    /// Connects; every later call fails when that did not work.
    ///
    /// - Parameters:
    ///   - port: of the address.
    ///   - address: of 127.0.0.0/8.
    ///   - source: the address to come from, of 127.0.0.0/8.
    public init(port: UInt16, of address: String = "127.0.0.1", from source: String = "127.0.0.1") {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        if source != "127.0.0.1" { _ = unsafe with(source, 0) { unsafe bind(descriptor, $0, $1) } }
        _ = unsafe with(address, port) { unsafe connect(descriptor, $0, $1) }
    }

    deinit { close() }

    /// Writes all of it; false when the server took only a part, or has gone.
    @discardableResult
    public func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { bytes in
                unsafe Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Writes a text.
    @discardableResult
    public func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// What comes next, if anything does within the time.
    public func next(within limit: Duration = .seconds(20)) -> Outcome {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let (seconds, attoseconds) = limit.components
        let milliseconds = Int32(seconds * 1000 + attoseconds / 1_000_000_000_000_000)
        guard unsafe poll(&entry, 1, milliseconds) > 0 else { return .silence }
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let count = unsafe recv(descriptor, &bytes, bytes.count, 0)
        return count > 0 ? .bytes(Array(bytes[..<count])) : .ended
    }

    /// Everything up to the end; what came until then when the server says nothing for so long.
    public func answer(within limit: Duration = .seconds(20)) -> String {
        var all: [UInt8] = []
        while case .bytes(let bytes) = next(within: limit) { all += bytes }
        return String(decoding: all, as: UTF8.self)
    }

    /// Waits for the end, whatever comes before it; false when it does not come in time.
    public func isEnded(within limit: Duration = .seconds(20)) -> Bool {
        let deadline = ContinuousClock.now + limit
        while true {
            switch next(within: max(.zero, deadline - .now)) {
            case .ended: return true
            case .silence: return false
            case .bytes: continue
            }
        }
    }

    /// Says that nothing more will be written, and goes on reading.
    public func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Ends the connection.
    public func close() {
        isOpen.withLock { isOpen in
            if isOpen { _ = Glibc.close(descriptor) }
            isOpen = false
        }
    }

    private func with(_ host: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = unsafe inet_addr(host)
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe body(pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
