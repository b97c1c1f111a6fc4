/// Why bytes are not DAG-CBOR, or not of the shape that was called for.
public struct CBORError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Octets from the start.
    public let offset: Int
    /// What is wrong, as a clause.
    public let reason: String

    /// A sentence for the operator.
    public var description: String { "not valid DAG-CBOR at byte \(offset): \(reason)" }
}
