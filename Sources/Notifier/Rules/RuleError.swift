/// What is wrong with a rule of the configuration.
public struct RuleError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The rule's name as written.
    public let rule: String
    /// The wrong key as written in the file.
    public let key: String
    /// What is wrong: a clause.
    public let reason: String

    /// One sentence for the operator.
    public var description: String { "rule '\(rule)', \(key): \(reason)" }
}
