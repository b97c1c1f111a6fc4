internal import Glibc

/// An exclusive lock on a state directory for as long as the process lives; the kernel frees it even after `kill -9`.
final class LedgerLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock.
    ///
    /// - Throws: ``LedgerError`` of code `inUse`, `readOnly`, `full` or `unopenable`.
    init(path: String) throws(LedgerError) {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let cause = errno
            let code: LedgerError.Code =
                switch cause {
                case EROFS, EACCES, EPERM: .readOnly
                case ENOSPC, EDQUOT: .full
                default: .unopenable
                }
            throw LedgerError(code, path: path, detail: unsafe String(cString: strerror(cause)))
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw LedgerError(.inUse, path: path, detail: "its lock file is locked")
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }
}
