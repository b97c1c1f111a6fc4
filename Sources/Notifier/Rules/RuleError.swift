/// What is wrong with a rule of the configuration.
public struct RuleError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The rule's name as it was written.
    public let rule: String
    /// The key that is wrong, as it is written in the file.
    public let key: String
    /// What is wrong, as a clause.
    public let reason: String

    init(rule: String, key: String, _ reason: String) {
        self.rule = rule
        self.key = key
        self.reason = reason
    }

    /// A sentence for the operator.
    public var description: String { "rule '\(rule)', \(key): \(reason)" }
}
