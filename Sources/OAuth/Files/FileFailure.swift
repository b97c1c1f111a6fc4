/// An operation on a file that failed.
package struct FileFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The operation: `open`, `write`, `fsync`, `rename`.
    package var operation: String
    /// The file.
    package var path: String
    /// `errno`.
    package var number: Int32
    /// The error in the system's words.
    package var reason: String

    /// A failure with these parts.
    package init(operation: String, path: String, number: Int32, reason: String) {
        self.operation = operation
        self.path = path
        self.number = number
        self.reason = reason
    }

    /// A file that is there or not, and must not be used as it is.
    static func unusable(_ path: String, _ reason: String) -> FileFailure {
        FileFailure(operation: "use", path: path, number: 0, reason: reason)
    }

    /// A sentence for the operator.
    package var description: String { "cannot \(operation) \(path): \(reason)" }
}
