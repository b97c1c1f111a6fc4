internal import ATProtocol

extension NotifierConfiguration {
    /// Rules that can never match, each with an earlier rule that takes all of its records.
    public var shadowedRules: [(rule: String, by: String)] {
        rules.enumerated().compactMap { index, rule in
            let first = rules[..<index].first { earlier in
                earlier.conditions.allSatisfy { asked in rule.conditions.contains { $0.implies(asked) } }
                    && earlier.exceptions.allSatisfy { exception in
                        !rule.collections.contains { $0.covers(exception) || exception.covers($0) }
                    }
                    && rule.collections.allSatisfy { one in earlier.collections.contains { $0.covers(one) } }
            }
            return first.map { (rule.name, $0.name) }
        }
    }
}
