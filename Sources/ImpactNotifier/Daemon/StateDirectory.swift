internal import CLinux
internal import Glibc

/// The directory that ledger and session live in: ours alone, writable, with room.
enum StateDirectory {
    /// Why the directory cannot be used.
    struct Problem: Error, CustomStringConvertible {
        let path: String
        let reason: String

        var description: String { "the state directory \(path) \(reason)" }
    }

    /// The path without symbolic links, so that whoever opens the directory or a file in it can refuse every link.
    ///
    /// systemd makes one: the StateDirectory of a DynamicUser is a link into `/var/lib/private`. Of a directory that is
    /// still missing the folder is resolved; a path that leads nowhere stays as it is.
    static func resolve(_ path: String) -> String {
        if let whole = realPath(path) { return whole }
        let end = path.lastIndex { $0 != "/" } ?? path.startIndex
        guard let slash = path[..<end].lastIndex(of: "/") else { return path }
        guard let folder = realPath(slash == path.startIndex ? "/" : String(path[..<slash])) else { return path }
        return (folder == "/" ? "" : folder) + path[slash...end]
    }

    private static func realPath(_ path: String) -> String? {
        guard let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    /// Makes the directory if it is missing and proves that it can be written, by writing.
    static func prepare(_ path: String) throws(Problem) {
        func problem(_ reason: String) -> Problem { Problem(path: path, reason: reason) }
        func cause() -> String { unsafe String(cString: strerror(errno)) }
        if unsafe mkdir(path, 0o700) != 0, errno != EEXIST {
            throw problem("cannot be made: \(cause()); make it, owned by the service's user, mode 0700")
        }
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw problem("is not a directory")
        }
        guard status.st_uid == geteuid() else {
            throw problem("belongs to user \(status.st_uid), and this is user \(geteuid()): run chown on it")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw problem("is open to others: run chmod 0700 on it")
        }
        let probe = "\(path)/.probe"
        let descriptor = unsafe shim_open(probe, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw problem("cannot be written: \(cause())") }
        defer {
            close(descriptor)
            _ = unsafe unlink(probe)
        }
        let block = [UInt8](repeating: 0, count: 4096)
        guard unsafe write(descriptor, block, block.count) == block.count, fsync(descriptor) == 0 else {
            throw problem("cannot be written: \(cause())")
        }
    }
}
