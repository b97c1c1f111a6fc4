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
        if let fault = Composer(configuration: self).staticProblem { problems.append(fault) }
        if let fault = ProxyHeader.problem(with: sending.proxy) { problems.append("chat.proxy \(fault)") }
        return problems
    }
}
