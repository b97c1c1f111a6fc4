internal import CLinux
internal import Glibc

/// Writes files that were not there before.
enum NewFile {
    /// Writes a whole file, or leaves none.
    ///
    /// - Parameters:
    ///   - text: what it holds.
    ///   - path: where; what is there stays, whatever it is.
    ///   - mode: who may read it, whatever the process's mask says.
    /// - Throws: ``SetupObjection``.
    static func write(_ text: String, to path: String, mode: mode_t) throws(SetupObjection) {
        let file = unsafe shim_open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else {
            let isThere = errno == EEXIST
            throw isThere
                ? SetupObjection("\(path) exists, and init replaces nothing", .cannotCreate) : unwritable(path)
        }
        let bytes = Array(text.utf8)
        let count = unsafe Glibc.write(file, bytes, bytes.count)
        guard count == bytes.count, fchmod(file, mode) == 0, fsync(file) == 0 else {
            let objection = unwritable(path)
            close(file)
            remove(path)
            throw objection
        }
        close(file)
    }

    /// Puts a file in the place of one that holds just what came with the program.
    ///
    /// - Throws: ``SetupObjection``.
    static func write(_ text: String, inPlaceOf shipped: String, at path: String, mode: mode_t) throws(SetupObjection) {
        let next = "\(path).new"
        try write(text, to: next, mode: mode)
        guard holds(shipped, path), unsafe rename(next, path) == 0 else {
            remove(next)
            throw SetupObjection("\(path) was changed meanwhile, and init replaces nothing", .cannotCreate)
        }
    }

    /// Whether a plain file, and no link to one, holds just this text.
    static func holds(_ text: String, _ path: String) -> Bool {
        let file = unsafe shim_open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0)
        guard file >= 0 else { return false }
        defer { close(file) }
        let expected = Array(text.utf8)
        var bytes = [UInt8](repeating: 0, count: expected.count + 1)
        let count = unsafe read(file, &bytes, bytes.count)
        return count == expected.count && bytes.dropLast() == expected[...]
    }

    /// Takes a file away that was written just now.
    static func remove(_ path: String) { _ = unsafe unlink(path) }

    /// Of a path that the system refused just now.
    private static func unwritable(_ path: String) -> SetupObjection {
        SetupObjection("\(path) cannot be written: \(unsafe String(cString: strerror(errno)))", .cannotCreate)
    }
}
