internal import CLinux
internal import Glibc
internal import Network

/// Writes files that did not exist before.
enum NewFile {
    /// Writes a whole file or none, whatever ends the process meanwhile.
    ///
    /// - Parameters:
    ///   - text: the content.
    ///   - path: the place; an existing file is never replaced.
    ///   - mode: the permissions, whatever the process's mask says.
    /// - Throws: ``SetupError``.
    static func write(_ text: String, to path: String, mode: mode_t) throws(SetupError) {
        let next = try draft(text, of: path, mode: mode)
        defer { remove(next) }
        // A hard link replaces no file. Some file systems have none.
        if unsafe link(next, path) == 0 { return }
        guard errno != EEXIST, !SetupPlace.exists(path) else {
            throw SetupError("\(path) exists, and init replaces nothing", .cannotCreate)
        }
        guard unsafe rename(next, path) == 0 else { throw unwritable(path) }
    }

    /// Replaces a file that still has exactly the shipped content.
    ///
    /// - Throws: ``SetupError``.
    static func write(_ text: String, inPlaceOf shipped: String, at path: String, mode: mode_t) throws(SetupError) {
        let next = try draft(text, of: path, mode: mode)
        guard holds(shipped, path), unsafe rename(next, path) == 0 else {
            remove(next)
            throw SetupError("\(path) was changed meanwhile, and init replaces nothing", .cannotCreate)
        }
    }

    /// Writes the draft of a file beside its place, and makes sure that it is on disk.
    private static func draft(_ text: String, of path: String, mode: mode_t) throws(SetupError) -> String {
        // Each process has its own draft: a killed process may have left one.
        let draft = "\(path).\(getpid()).new"
        let file = unsafe shim_open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw unwritable(path) }
        let isWritten =
            (try? Descriptor.write(Array(text.utf8), to: file)) != nil && fchmod(file, mode) == 0 && fsync(file) == 0
        let objection = isWritten ? nil : unwritable(path)
        close(file)
        guard let objection else { return draft }
        remove(draft)
        throw objection
    }

    /// Whether a plain file, not a link, has exactly this content.
    static func holds(_ text: String, _ path: String) -> Bool {
        let file = unsafe shim_open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0)
        guard file >= 0 else { return false }
        defer { close(file) }
        let expected = Array(text.utf8)
        var bytes = [UInt8](repeating: 0, count: expected.count + 1)
        let count = unsafe read(file, &bytes, bytes.count)
        return count == expected.count && bytes.dropLast() == expected[...]
    }

    /// Removes a file that was just written.
    static func remove(_ path: String) { _ = unsafe unlink(path) }

    /// The objection for a path that the system has just refused.
    private static func unwritable(_ path: String) -> SetupError {
        SetupError("\(path) cannot be written: \(unsafe String(cString: strerror(errno)))", .cannotCreate)
    }
}
