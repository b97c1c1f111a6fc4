internal import CLinux
internal import Glibc
internal import Synchronization

/// The other side has gone, or took too long to read.
struct PeerGoneError: Error {}

/// One accepted TCP connection with blocking calls, and the rude endings that a fault needs.
///
/// One thread reads and writes; ``interrupt()`` may be called from any.
final class ServerSocket: Sendable {
    /// What ended a wait.
    struct Readiness {
        /// Bytes, the end of the stream or an error wait to be read.
        var isReadable = false
        /// The descriptor that was watched beside the socket has something.
        var isWoken = false
    }

    private let descriptor: Int32
    private let isOpen = Mutex(true)

    /// Takes over a connected descriptor; a write that blocks for five seconds fails, as the stream servers do it.
    init(descriptor: Int32) {
        self.descriptor = descriptor
        var on: Int32 = 1
        unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        var patience = timeval(tv_sec: 5, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    /// The next bytes; empty at the end of the stream.
    func read(upTo limit: Int = 64 << 10) throws(PeerGoneError) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: limit)
        while true {
            let count = unsafe recv(descriptor, &buffer, limit, 0)
            if count >= 0 { return Array(buffer.prefix(count)) }
            guard errno == EINTR else { throw PeerGoneError() }
        }
    }

    /// Writes all bytes.
    func write(_ bytes: [UInt8]) throws(PeerGoneError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                rest.removeFirst(count)
            } else if errno != EINTR {
                throw PeerGoneError()
            }
        }
    }

    /// Waits until there is something to read or the time is up.
    ///
    /// - Parameters:
    ///   - timeout: at most that long; nil waits without end.
    ///   - wake: another descriptor to watch.
    /// - Returns: what ended the wait; nothing when the time was up.
    func wait(_ timeout: Duration?, alsoFor wake: Int32? = nil) -> Readiness {
        let milliseconds = timeout.map(Self.milliseconds)
        var list = [pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)]
        if let wake { list.append(pollfd(fd: wake, events: Int16(POLLIN), revents: 0)) }
        guard unsafe poll(&list, nfds_t(list.count), milliseconds ?? -1) > 0 else { return Readiness() }
        return Readiness(isReadable: list[0].revents != 0, isWoken: list.count > 1 && list[1].revents != 0)
    }

    /// Waits until another descriptor is readable, whatever happens on the connection.
    static func wait(on wake: Int32, _ timeout: Duration) {
        var entry = pollfd(fd: wake, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&entry, 1, milliseconds(timeout))
    }

    private static func milliseconds(_ duration: Duration) -> Int32 {
        let parts = duration.components
        return Int32(clamping: max(0, parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000))
    }

    /// Ends both directions so that a blocked call returns.
    func interrupt() {
        isOpen.withLock { if $0 { shutdown(descriptor, Int32(SHUT_RDWR)) } }
    }

    /// Closes politely: a FIN.
    func close() {
        isOpen.withLock { isOpen in
            guard isOpen else { return }
            isOpen = false
            _ = Glibc.close(descriptor)
        }
    }

    /// Closes rudely: a RST, whatever was not yet delivered is lost.
    func reset() {
        isOpen.withLock { isOpen in
            guard isOpen else { return }
            isOpen = false
            var now = linger(l_onoff: 1, l_linger: 0)
            unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
            _ = Glibc.close(descriptor)
        }
    }
}
