/// Why the sandbox could not do what a test or the demo asked of it.
public struct SandboxError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A sentence for the developer.
    public let description: String

    init(_ description: String) { self.description = description }
}
