internal import Glibc
internal import Synchronization

/// Waits while another process holds SQLite's locks on the ledger (a backup, `sqlite3`), and says which process it is.
///
/// The locks are those of fcntl(2), so the kernel knows who holds them (sqlite.org/walformat.html §2.3.1,
/// sqlite.org/lockingv3.html). Closing any descriptor of a file drops all such locks of the process on it, so the
/// descriptors opened here stay open.
final class LockWait: Sendable {
    /// Is told who holds the lock, in words, and how long we have waited.
    typealias Report = @Sendable (_ holder: String, _ waited: Duration) -> Void

    private struct State {
        var beganAt = ContinuousClock.now
        var nextReport: Duration = LockWait.firstReport
        var descriptors: [String: Int32] = [:]
    }

    private static let firstReport = Duration.seconds(5)
    private static let reportInterval = Duration.seconds(30)

    private let path: String
    private let patience: Duration
    private let report: Report
    private let state = Mutex(State())

    /// A busy handler that has not waited yet.
    ///
    /// - Parameters:
    ///   - path: the database.
    ///   - patience: how long one statement waits.
    ///   - report: called after five seconds and then every 30 seconds, on the thread that waits.
    init(path: String, patience: Duration, report: @escaping Report) {
        self.path = path
        self.patience = patience
        self.report = report
    }

    /// SQLite's busy handler: waits a moment.
    ///
    /// - Parameter tries: how often it was called for this lock before.
    /// - Returns: whether to try again; if not, the statement fails with `SQLITE_BUSY`.
    func goesOn(after tries: Int) -> Bool {
        let (waited, isDue) = state.withLock { state in
            if tries == 0 { (state.beganAt, state.nextReport) = (.now, Self.firstReport) }
            let waited = ContinuousClock.now - state.beganAt
            let isDue = waited >= state.nextReport
            if isDue { state.nextReport = waited + Self.reportInterval }
            return (waited, isDue)
        }
        guard waited < patience else { return false }
        if isDue { report(holder, waited) }
        usleep(tries < 10 ? 10_000 : 100_000)
        return true
    }

    /// Who holds a lock that keeps us from writing, in words.
    var holder: String {
        // WAL_WRITE_LOCK, WAL_CKPT_LOCK and WAL_RECOVER_LOCK first; then the lock of a process that shares the file
        // with nobody.
        guard
            let process = owner(of: "\(path)-shm", from: 120, length: 3)
                ?? owner(of: path, from: 0x4000_0000, length: 512)
        else { return "a process that cannot be seen from here" }
        return "process \(process)" + (Self.name(of: process).map { " (\($0))" } ?? "")
    }

    private func owner(of file: String, from start: Int, length: Int) -> Int32? {
        let descriptor = state.withLock { state in
            if let known = state.descriptors[file] { return known }
            let opened = unsafe open(file, O_RDWR | O_CLOEXEC)
            if opened >= 0 { state.descriptors[file] = opened }
            return opened
        }
        guard descriptor >= 0 else { return nil }
        var lock = flock()
        // Only a writer's lock conflicts with a reader's.
        lock.l_type = Int16(F_RDLCK)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = start
        lock.l_len = length
        guard unsafe fcntl(descriptor, F_GETLK, &lock) == 0, lock.l_type != Int16(F_UNLCK), lock.l_pid > 0 else {
            return nil
        }
        return lock.l_pid
    }

    private static func name(of process: Int32) -> String? {
        let descriptor = unsafe open("/proc/\(process)/comm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = unsafe read(descriptor, &bytes, bytes.count)
        let name = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
            .filter { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.:".contains($0)) }
        return name.isEmpty ? nil : name
    }
}
