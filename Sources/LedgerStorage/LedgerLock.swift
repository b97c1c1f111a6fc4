internal import Glibc

/// An exclusive lock on a state directory, held until the process ends; the kernel frees it even after `kill -9`.
package final class LedgerLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock; a daemon waits one second for a process that is just ending.
    ///
    /// - Parameters:
    ///   - path: the lock file.
    ///   - holder: the process that ``holder(of:)`` then names; nil to stay unnamed.
    /// - Throws: ``LedgerError`` of code `inUse`, `readOnly`, `full` or `unopenable`.
    init(path: String, holder: Int32?) throws(LedgerError) {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw LedgerError(errno: errno, path: path) }
        guard Self.lock(descriptor, tries: holder == nil ? 1 : 50) else {
            close(descriptor)
            let other = Self.holder(of: path).map { "process \($0) holds its lock" }
            throw LedgerError(.inUse, path: path, detail: other ?? "its lock file is locked")
        }
        self.descriptor = descriptor
        let text = holder.map { "\($0)\n" } ?? ""
        // If the name cannot be written, `reload` cannot find this process; that is no reason not to run.
        _ = ftruncate(descriptor, 0)
        _ = unsafe pwrite(descriptor, text, text.utf8.count, 0)
    }

    private static func lock(_ descriptor: Int32, tries: Int) -> Bool {
        for attempt in 1...tries {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
            if attempt < tries { usleep(20_000) }
        }
        return false
    }

    /// The process that holds the lock; nil when none does, or when it has not written its number.
    package static func holder(of path: String) -> Int32? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_SH | LOCK_NB) != 0, errno == EWOULDBLOCK else { return nil }
        var text = [UInt8](repeating: 0, count: 16)
        let count = unsafe read(descriptor, &text, text.count)
        guard count > 0 else { return nil }
        return Int32(String(decoding: text.prefix(count).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }

    deinit { close(descriptor) }
}
