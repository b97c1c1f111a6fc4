internal import ATProtocol
internal import Network

extension NotifierConfiguration {
    /// What does not fit together, one sentence each; empty when everything does.
    public var problems: [String] {
        var problems: [String] = []
        var names: Set<String> = []
        for rule in rules where !names.insert(rule.name).inserted {
            problems.append("there are two rules of the name “\(rule.name)”")
        }
        if rules.isEmpty { problems.append("there is no rule, so nothing would ever be sent") }
        if policy.recipients == .allowlist, policy.allowlist.isEmpty {
            problems.append("policy.recipients is allowlist, but policy.allowlist is empty")
        }
        if sending.retention < policy.maximumAge {
            problems.append("sending.retention is shorter than policy.maximum_age: a request could be told of twice")
        }
        if message.offersStop, sending.answersInterval == nil {
            problems.append("message.offers_stop promises what nobody reads while sending.answers_interval is off")
        }
        for rule in rules {
            guard case .index(let index) = rule.owner, let url = try? index.url(of: "did") else { continue }
            guard url.scheme != .https, !(lookup.allowsLoopback && url.isLoopback) else { continue }
            problems.append("rule “\(rule.name)”, index: its query must be https://")
        }
        if let fault = Composer(configuration: self).staticProblem { problems.append(fault) }
        if let fault = ProxyHeader.problem(with: sending.proxy) { problems.append("chat.proxy \(fault)") }
        return problems
    }

    /// Rules that can never count, each with the one before it that takes all that it covers.
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
