/// Why bytes are not DAG-CBOR, or not of the expected shape.
public struct CBORError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The offset of the error in octets.
    public let offset: Int
    /// What is wrong, as a clause.
    public let reason: String

    /// A sentence for the operator.
    public var description: String { "not valid DAG-CBOR at byte \(offset): \(reason)" }
}
