internal import GRDB
internal import Glibc
package import Network

/// The secret key of the marks by which messages are recognised in conversations: a file of its own beside the ledger.
///
/// With it, a ledger that is empty or older than the chat can find what was sent; without it, nobody can tell. So it is
/// written once, before the first message, and never changed.
package struct MarkKey: Sendable, Equatable {
    /// The key, in Base64.
    package let text: String
    /// When the key was made; messages about requests seen before that may carry marks of another key.
    package let madeAt: UnixTime

    /// The file's name in the state directory.
    package static let fileName = "marks.key"
}

extension MarkKey {
    /// Two lines: the key, and when it was made, in microseconds since the Unix epoch.
    fileprivate init?(content: String) {
        let lines = content.split(separator: "\n")
        guard lines.count == 2, lines[0].utf8.count == 44, let madeAt = Int64(lines[1]) else { return nil }
        self.init(text: String(lines[0]), madeAt: UnixTime(microseconds: madeAt))
    }

    fileprivate var content: String { "\(text)\n\(madeAt.microseconds)\n" }
}

extension LedgerDatabase {
    /// The setting that held the key before the fourth schema.
    private static let setting = "marker-key"

    /// The key of the state directory.
    ///
    /// When there is no file yet, it is written first: the key of an earlier ledger, or a new one.
    ///
    /// - Parameters:
    ///   - now: when a new one is made.
    ///   - new: 32 random bytes in Base64, for a new one.
    /// - Returns: the key.
    /// - Throws: ``LedgerError``, also when the key's file is damaged or cannot be written.
    package func markKey(now: UnixTime, new: String) async throws(LedgerError) -> MarkKey {
        let file = directory + "/" + MarkKey.fileName
        if let content = try Self.content(of: file) {
            guard let key = MarkKey(content: content) else {
                throw LedgerError(.corrupt, path: file, detail: "it is no key of this program's")
            }
            return key
        }
        // An earlier ledger had its key from the first day.
        let earlier = try await read { try $0.setting(Self.setting) }
        let key = earlier.map { MarkKey(text: $0, madeAt: .distantPast) } ?? MarkKey(text: new, madeAt: now)
        try Self.write(key.content, to: file)
        return key
    }

    private var directory: String { String(path.dropLast(path.split(separator: "/").last?.utf8.count ?? 0).dropLast()) }

    private static func content(of path: String) throws(LedgerError) -> String? {
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw LedgerError(errno: errno, path: path)
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = unsafe Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw LedgerError(errno: errno, path: path) }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    /// Writes the whole file or nothing.
    private static func write(_ text: String, to path: String) throws(LedgerError) {
        let temporary = path + ".new"
        let descriptor = unsafe Glibc.open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw LedgerError(errno: errno, path: temporary) }
        let isWritten =
            unsafe Glibc.write(descriptor, text, text.utf8.count) == text.utf8.count && fsync(descriptor) == 0
        let problem = LedgerError(errno: errno, path: temporary)
        close(descriptor)
        guard isWritten else { throw problem }
        guard unsafe rename(temporary, path) == 0 else { throw LedgerError(errno: errno, path: path) }
        let folder = unsafe Glibc.open(
            String(path.dropLast(MarkKey.fileName.count)),
            O_RDONLY | O_CLOEXEC | O_DIRECTORY
        )
        guard folder >= 0 else { return }
        _ = fsync(folder)
        close(folder)
    }
}
