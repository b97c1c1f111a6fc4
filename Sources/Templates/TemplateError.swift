/// A mistake in a template, and where it is.
public struct TemplateError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The column in characters, counted from 1.
    public let column: Int
    /// What is wrong, as a clause.
    public let reason: String

    /// A sentence for the operator.
    public var description: String { "column \(column): \(reason)" }
}
