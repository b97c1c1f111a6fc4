internal import Glibc
internal import Synchronization

/// Writes whole lines to a file descriptor; a reader that has stopped reading never stops the daemon.
///
/// A line is one `write` of at most `PIPE_BUF` octets, so lines of several threads and processes do not mix. When the
/// descriptor accepts nothing for ``patience``, the line is dropped and counted. So is each line after it, without
/// waiting, until there is room again: the stream's thread logs, too, and must send its pongs in time.
final class LineWriter: Sendable {
    /// How long the first line waits for room, in milliseconds.
    private static let patience: Int32 = 50

    private let descriptor: Int32
    private let isStuck = Mutex(false)
    private let droppedLines = Atomic<Int>(0)

    /// A writer to an open descriptor, which it does not close.
    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// The number of lines that found no room.
    var dropped: Int { droppedLines.load(ordering: .relaxed) }

    /// Writes a line that ends in a newline.
    func write(_ line: [UInt8]) {
        let isWritten = isStuck.withLock { isStuck in
            isStuck = !hasRoom(within: isStuck ? 0 : Self.patience)
            return !isStuck && writeAll(line)
        }
        if !isWritten { droppedLines.add(1, ordering: .relaxed) }
    }

    private func hasRoom(within milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        while true {
            let ready = unsafe poll(&entry, 1, milliseconds)
            if ready >= 0 { return ready == 1 && entry.revents & Int16(POLLOUT) != 0 }
            guard errno == EINTR else { return false }
        }
    }

    /// Writes the line; a file, a terminal or a socket may take a part, and the rest follows under the same lock.
    private func writeAll(_ line: [UInt8]) -> Bool {
        var rest = line[...]
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written >= 0 {
                rest = rest.dropFirst(written)
            } else if errno == EAGAIN, hasRoom(within: Self.patience) {
                continue
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}
