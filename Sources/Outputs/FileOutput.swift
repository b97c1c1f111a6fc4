package import ATProtocol
internal import Dispatch
internal import Glibc

/// Appends each notification as a line of JSON; opens the file each time, so that it may be rotated.
package struct FileOutput: OutputChannel {
    let path: String

    package init(path: String) { self.path = path }

    package func deliver(_ notification: JSONValue) async throws {
        let line = notification.encoded + [UInt8(ascii: "\n")]
        try await Self.blocking { try append(line) }
    }

    private func append(_ line: [UInt8]) throws {
        let descriptor = unsafe open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw OutputError(detail: "\(path): \(Self.errorText)") }
        defer { close(descriptor) }
        // One write, so that lines of several writers do not mix (POSIX O_APPEND).
        let written = unsafe write(descriptor, line, line.count)
        guard written == line.count else { throw OutputError(detail: "\(path): \(Self.errorText)") }
    }

    private static var errorText: String { unsafe String(cString: strerror(errno)) }

    /// Runs a blocking call outside the cooperative pool.
    static func blocking(_ body: @escaping @Sendable () throws -> Void) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            DispatchQueue.global(qos: .utility).async { continuation.resume(with: Result(catching: body)) }
        }
    }
}
