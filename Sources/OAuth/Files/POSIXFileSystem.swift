internal import Glibc
internal import Network

/// The machine's file system.
package struct POSIXFileSystem: SessionFileSystem {
    package init() {}

    /// The effective user of this process.
    package var owner: UInt32 { geteuid() }

    /// The status of the file, directory or link; nil when there is none.
    package func status(of path: String) throws(FileError) -> FileStatus? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else {
            guard errno != ENOENT else { return nil }
            throw failure("examine", path)
        }
        return FileStatus(status)
    }

    /// Reads the whole content, at most 1 MiB.
    package func read(_ path: String) throws(FileError) -> [UInt8] {
        let file = try open(path, O_RDONLY, "open")
        defer { close(file) }
        var out: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = unsafe Glibc.read(file, &chunk, chunk.count)
            guard count >= 0 else {
                if errno == EINTR { continue }
                throw failure("read", path)
            }
            guard count > 0 else { return out }
            out.append(contentsOf: chunk[..<count])
            guard out.count <= 1 << 20 else {
                throw FileError(operation: "read", path: path, number: EFBIG, reason: "it is larger than 1 MiB")
            }
        }
    }

    /// Creates or empties a file with mode 0600 and reserves `size` octets on the disk.
    package func reserve(_ path: String, size: Int) throws(FileError) {
        let file = try open(path, O_WRONLY | O_CREAT | O_TRUNC, "create")
        defer { close(file) }
        guard fchmod(file, 0o600) == 0 else { throw failure("protect", path) }
        // It returns the error number and does not set errno.
        let number = posix_fallocate(file, 0, size)
        guard number == 0 else { throw failure("reserve room for", path, number) }
        guard fsync(file) == 0 else { throw failure("sync", path) }
    }

    /// Replaces the content and waits until it is on the disk.
    package func write(_ bytes: [UInt8], to path: String) throws(FileError) {
        let file = try open(path, O_WRONLY | O_CREAT, "open")
        defer { close(file) }
        guard fchmod(file, 0o600) == 0 else { throw failure("protect", path) }
        do throws(SystemError) { try Descriptor.write(bytes, to: file) } catch {
            throw failure("write", path, error.number)
        }
        guard ftruncate(file, bytes.count) == 0 else { throw failure("write", path) }
        guard fsync(file) == 0 else { throw failure("sync", path) }
    }

    /// Renames a file.
    package func rename(_ path: String, to newPath: String) throws(FileError) {
        guard unsafe Glibc.rename(path, newPath) == 0 else { throw failure("rename", path) }
    }

    /// Waits until the entries of a directory are on the disk.
    package func syncDirectory(_ path: String) throws(FileError) {
        let file = try open(path, O_RDONLY | O_DIRECTORY, "open")
        defer { close(file) }
        guard fsync(file) == 0 else { throw failure("sync", path) }
    }

    /// Removes a file.
    package func remove(_ path: String) throws(FileError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else { throw failure("remove", path) }
    }

    /// Takes the lock of a lock file that is never renamed.
    package func lock(_ path: String) throws(FileError) -> (any FileLock)? {
        let file = try open(path, O_RDWR | O_CREAT, "open")
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            let number = errno
            close(file)
            guard number == EWOULDBLOCK || number == EINTR else { throw failure("lock", path, number) }
            return nil
        }
        return DescriptorLock(file)
    }

    private func open(_ path: String, _ flags: Int32, _ operation: String) throws(FileError) -> Int32 {
        while true {
            let file = unsafe Glibc.open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0o600)
            if file >= 0 { return file }
            guard errno == EINTR else { throw failure(operation, path) }
        }
    }

    private func failure(_ operation: String, _ path: String, _ number: Int32 = errno) -> FileError {
        FileError(operation: operation, path: path, number: number, reason: unsafe String(cString: strerror(number)))
    }
}

extension FileStatus {
    fileprivate init(_ status: stat) {
        self.init(
            inode: UInt64(status.st_ino),
            owner: status.st_uid,
            mode: status.st_mode,
            // This only distinguishes versions, so an overflow by a clock of the year 2300 must not trap.
            modified: Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec),
            size: Int64(status.st_size)
        )
    }
}

/// A `flock` that is held while its file is open.
private final class DescriptorLock: FileLock {
    private let file: Int32

    init(_ file: Int32) { self.file = file }

    func unlock() { flock(file, LOCK_UN) }

    deinit { close(file) }
}
