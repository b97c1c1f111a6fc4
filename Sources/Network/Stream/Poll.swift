internal import Glibc

/// Calls `poll` on a stream's socket and a wake-up, with a deadline.
public enum Poll {
    /// What a thread waits for on a socket.
    public struct Interest: OptionSet, Sendable {
        /// The bits of the set.
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// The socket has bytes to read, or the end.
        public static let readable = Interest(rawValue: 1)
        /// The socket can be written.
        public static let writable = Interest(rawValue: 2)
    }

    /// Why a wait ended; several reasons may hold at once.
    public struct Outcome: Sendable {
        /// The socket is ready or has an error, which a read or write will report.
        public let isReady: Bool
        /// The wake-up has been signalled.
        public let isWoken: Bool
        /// Neither: the deadline has passed.
        public var isTimeout: Bool { !isReady && !isWoken }
    }

    /// Waits until the socket is ready, the wake-up is signalled or the deadline passes.
    ///
    /// - Parameters:
    ///   - socket: a descriptor, or -1 to wait for the wake-up only.
    ///   - interest: what makes the socket ready.
    ///   - wakeUp: also ends the wait.
    ///   - deadline: the latest end, rounded up to the millisecond.
    /// - Returns: why the wait ended.
    public static func wait(
        _ socket: Int32,
        _ interest: Interest,
        _ wakeUp: WakeUp,
        until deadline: ContinuousClock.Instant
    ) -> Outcome {
        while true {
            if let outcome = wait(socket, interest, wakeUp, milliseconds: milliseconds(until: deadline)) {
                return outcome
            }
        }
    }

    /// Waits until the socket is ready, the wake-up is signalled or the time has passed.
    ///
    /// - Parameters:
    ///   - socket: a descriptor, or -1 to wait for the wake-up only.
    ///   - interest: what makes the socket ready.
    ///   - wakeUp: also ends the wait.
    ///   - milliseconds: the longest wait.
    /// - Returns: why the wait ended; nil when a signal interrupted it.
    public static func wait(
        _ socket: Int32,
        _ interest: Interest,
        _ wakeUp: WakeUp,
        milliseconds: Int32
    ) -> Outcome? {
        var events: Int16 = 0
        if interest.contains(.readable) { events |= Int16(POLLIN) }
        if interest.contains(.writable) { events |= Int16(POLLOUT) }
        var entries: [2 of pollfd] = [
            pollfd(fd: socket, events: events, revents: 0),
            pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        var span = entries.mutableSpan
        let count = unsafe span.withUnsafeMutableBufferPointer {
            unsafe poll($0.baseAddress, nfds_t($0.count), milliseconds)
        }
        if count < 0 && errno == EINTR { return nil }
        return Outcome(isReady: count > 0 && entries[0].revents != 0, isWoken: count > 0 && entries[1].revents != 0)
    }

    /// Whole milliseconds until the deadline, rounded up, never negative.
    static func milliseconds(until deadline: ContinuousClock.Instant) -> Int32 {
        let rest = (deadline - .now).components
        guard rest.seconds >= 0, rest.attoseconds >= 0 else { return 0 }
        let milliseconds = rest.seconds * 1000 + (rest.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int32(min(milliseconds, 3_600_000))
    }
}
