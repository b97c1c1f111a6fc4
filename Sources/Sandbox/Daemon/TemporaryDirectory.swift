internal import CLinux
internal import Glibc

/// A directory of its own under `/tmp`, removed with its last owner.
public final class TemporaryDirectory: Sendable {
    public let path: String

    /// Makes one, readable by nobody else.
    ///
    /// - Throws: ``SandboxError``.
    public init() throws(SandboxError) {
        var template = Array("/tmp/impact-sandbox-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw SandboxError("no temporary directory: errno \(errno)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { Self.remove(path) }

    /// The path of a file in it, whether there is one or not.
    public func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file, replacing one that is there; its path.
    ///
    /// - Throws: ``SandboxError``.
    @discardableResult
    public func write(_ text: String, to name: String, mode: UInt32 = 0o600) throws(SandboxError) -> String {
        try write(Array(text.utf8), to: name, mode: mode)
    }

    /// Writes a file, replacing one that is there; its path.
    ///
    /// - Throws: ``SandboxError``.
    @discardableResult
    public func write(_ bytes: [UInt8], to name: String, mode: UInt32 = 0o600) throws(SandboxError) -> String {
        let path = file(name)
        let file = unsafe shim_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard file >= 0, fchmod(file, mode) == 0 else { throw SandboxError("cannot write \(path): errno \(errno)") }
        defer { _ = close(file) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { throw SandboxError("cannot write \(path): errno \(errno)") }
            rest.removeFirst(count)
        }
        return path
    }

    private static func remove(_ path: String) {
        guard let directory = unsafe opendir(path) else {
            unsafe unlink(path)
            return
        }
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name != ".", name != ".." else { continue }
            let child = "\(path)/\(name)"
            if unsafe entry.pointee.d_type == UInt8(DT_DIR) { remove(child) } else { unsafe unlink(child) }
        }
        unsafe closedir(directory)
        unsafe rmdir(path)
    }
}
