@testable import Notifier

extension Rule {
    /// Reads a rule, or throws its first mistake.
    init(_ text: RuleText) throws(RuleError) {
        let (rule, mistakes) = Rule.reading(text)
        guard let rule else { throw mistakes.first ?? RuleError(rule: text.name, key: "name", reason: "unreadable") }
        self = rule
    }
}
