internal import ATProtocol
internal import GRDB
internal import Glibc

/// Why the ledger cannot be read or written.
///
/// Damage to our own state ends the daemon at once, and loudly.
public struct LedgerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, stable in logs and exit codes.
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Another daemon uses the same state.
        public static let inUse = Code(rawValue: "ledger-in-use")
        /// The directory or file cannot be opened or made.
        public static let unopenable = Code(rawValue: "ledger-unopenable")
        /// The file system has no room.
        public static let full = Code(rawValue: "ledger-full")
        /// The file system, or the file, cannot be written.
        public static let readOnly = Code(rawValue: "ledger-read-only")
        /// The file is no database, or a damaged one.
        public static let corrupt = Code(rawValue: "ledger-corrupt")
        /// A newer version of this program wrote it.
        public static let tooNew = Code(rawValue: "ledger-too-new")
        /// Another process holds the lock for longer than we wait.
        public static let busy = Code(rawValue: "ledger-busy")
        /// The task was cancelled before anything was written.
        public static let cancelled = Code(rawValue: "ledger-cancelled")
        /// Anything else that SQLite reports.
        public static let other = Code(rawValue: "ledger-error")
    }

    public let code: Code
    /// The file or directory concerned.
    public let path: String
    /// The cause in the words of the layer below.
    public let detail: String
    /// The version of this program that last wrote the file; nil when unknown.
    public private(set) var writer: String?

    package init(_ code: Code, path: String, detail: String) {
        self.code = code
        self.path = path
        self.detail = detail
    }

    /// The error of a failed system call.
    init(errno cause: Int32, path: String) {
        let code: Code =
            switch cause {
            case EROFS, EACCES, EPERM: .readOnly
            case ENOSPC, EDQUOT: .full
            default: .unopenable
            }
        self.init(code, path: path, detail: unsafe String(cString: strerror(cause)))
    }

    init(_ error: any Error, path: String, writer: String?) {
        self.init(error, path: path)
        self.writer = writer
    }

    private init(_ error: any Error, path: String) {
        switch error {
        case let error as LedgerError: self = error
        case is CancellationError: self.init(.cancelled, path: path, detail: "cancelled")
        case let error as DatabaseError:
            // Without the statement's arguments: they may hold what strangers wrote.
            let detail = error.message ?? "SQLite code \(error.extendedResultCode.rawValue)"
            let isUnreadable = [.SQLITE_IOERR_READ, .SQLITE_IOERR_SHORT_READ].contains(error.extendedResultCode)
            self.init(isUnreadable ? .corrupt : Self.code(of: error.resultCode), path: path, detail: detail)
        case is RowDecodingError: self.init(.corrupt, path: path, detail: "a value is of another kind than expected")
        // A row holds something that this program did not write.
        case let error as SyntaxError: self.init(.corrupt, path: path, detail: "\(error)")
        case let error as JSONError: self.init(.corrupt, path: path, detail: "\(error)")
        default: self.init(.other, path: path, detail: "\(error)")
        }
    }

    private static func code(of result: ResultCode) -> Code {
        switch result {
        case .SQLITE_FULL: .full
        case .SQLITE_IOERR: .full
        case .SQLITE_READONLY, .SQLITE_PERM: .readOnly
        case .SQLITE_CANTOPEN: .unopenable
        // Our statements fit the schema of this version. If one does not, something else changed the file.
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_ERROR, .SQLITE_MISMATCH: .corrupt
        case .SQLITE_BUSY, .SQLITE_LOCKED: .busy
        case .SQLITE_INTERRUPT, .SQLITE_ABORT: .cancelled
        default: .other
        }
    }

    /// One sentence for the operator.
    public var description: String {
        switch code {
        case .inUse: "\(path) is in use by another daemon (\(detail)); stop that one first"
        case .full: "\(path) cannot be written, the disk is full or failing (\(detail)); make room, then start again"
        case .readOnly: "\(path) cannot be written (\(detail)); check its owner, mode and mount"
        case .unopenable: "\(path) cannot be opened (\(detail)); check that the directory exists and is ours"
        case .corrupt:
            "\(path) is damaged (\(detail)\(writer.map { ", written by impact-notifier \($0)" } ?? "")); "
                + "restore a backup, never just delete it: it knows what was sent"
        case .tooNew:
            "\(path) was written by \(writer.map { "impact-notifier \($0)" } ?? "a newer version") (\(detail)); "
                + "install that version or a newer one"
        case .busy: "\(path) is held by another process (\(detail)); end that, or try again later"
        default: "\(path): \(detail) (\(code.rawValue))"
        }
    }
}
