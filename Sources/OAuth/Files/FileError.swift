/// A failed file operation.
package struct FileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The operation: `open`, `write`, `fsync`, `rename`.
    package var operation: String
    package var path: String
    /// The value of `errno`.
    package var number: Int32
    /// The system's message.
    package var reason: String

    package init(operation: String, path: String, number: Int32, reason: String) {
        self.operation = operation
        self.path = path
        self.number = number
        self.reason = reason
    }

    /// A failure for a file that must not be used as it is.
    static func unusable(_ path: String, _ reason: String) -> FileError {
        FileError(operation: "use", path: path, number: 0, reason: reason)
    }

    /// A sentence for the operator.
    package var description: String { "cannot \(operation) \(path): \(reason)" }
}
