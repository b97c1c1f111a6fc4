internal import CLinux
internal import Glibc

/// Writes files that were not there before.
enum NewFile {
    /// Writes a whole file, or leaves none, whatever ends the process meanwhile.
    ///
    /// - Parameters:
    ///   - text: what it holds.
    ///   - path: where; what is there stays, whatever it is.
    ///   - mode: who may read it, whatever the process's mask says.
    /// - Throws: ``SetupObjection``.
    static func write(_ text: String, to path: String, mode: mode_t) throws(SetupObjection) {
        let next = try draft(text, of: path, mode: mode)
        defer { remove(next) }
        // A second name takes nobody's place. Some file systems know none.
        if unsafe link(next, path) == 0 { return }
        guard errno != EEXIST, !SetupPlace.exists(path) else {
            throw SetupObjection("\(path) exists, and init replaces nothing", .cannotCreate)
        }
        guard unsafe rename(next, path) == 0 else { throw unwritable(path) }
    }

    /// Puts a file in the place of one that holds just what came with the program.
    ///
    /// - Throws: ``SetupObjection``.
    static func write(_ text: String, inPlaceOf shipped: String, at path: String, mode: mode_t) throws(SetupObjection) {
        let next = try draft(text, of: path, mode: mode)
        guard holds(shipped, path), unsafe rename(next, path) == 0 else {
            remove(next)
            throw SetupObjection("\(path) was changed meanwhile, and init replaces nothing", .cannotCreate)
        }
    }

    /// What is going to be a file, beside its place and on the disk.
    private static func draft(_ text: String, of path: String, mode: mode_t) throws(SetupObjection) -> String {
        // Of its own for each process: one that was killed may have left one.
        let draft = "\(path).\(getpid()).new"
        let file = unsafe shim_open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw unwritable(path) }
        let isWritten = fill(file, Array(text.utf8)) && fchmod(file, mode) == 0 && fsync(file) == 0
        let objection = isWritten ? nil : unwritable(path)
        close(file)
        guard let objection else { return draft }
        remove(draft)
        throw objection
    }

    private static func fill(_ file: Int32, _ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { return false }
            rest = rest.dropFirst(max(0, count))
        }
        return true
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
