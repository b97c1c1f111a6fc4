public import ATProtocol

extension Rule {
    /// What this rule makes of a record by itself, step by step, for authors of rules.
    ///
    /// - Returns: one clause for each step; the last says whether the rule applies.
    public func report(on collection: NSID, _ record: JSONValue) -> (steps: [String], applies: Bool) {
        guard covers(collection) else {
            let covered = collections.map(\.text).joined(separator: ", ")
            let except = exceptions.isEmpty ? "" : " except \(exceptions.map(\.text).joined(separator: ", "))"
            return (["does not cover \(collection): its collections are \(covered)\(except)"], false)
        }
        var steps = ["covers \(collection)"]
        for condition in conditions {
            guard condition.holds(for: record) else {
                steps.append("when \(condition): does not hold (\(condition.found(in: record)))")
                return (steps, false)
            }
            steps.append("when \(condition): holds")
        }
        switch references(in: record) {
        case .success(let all):
            let (selected, leftOut) = selection(of: all)
            steps.append("refers to \(selected.map(\.description).joined(separator: ", "))")
            if leftOut > 0 {
                steps.append("refers to \(leftOut) more, above maximum_projects: \(maximumProjects)")
            }
        case .failure(let refusal):
            steps.append("\(refusal.reason.rawValue): \(refusal.detail)")
            steps.append("the record is \(record.shape)")
        }
        return (steps, true)
    }
}

extension JSONValue {
    /// The names and kinds of its members, without anybody's text: `{repo: a DID, title: text}`.
    public var shape: String { shape(depth: 3) }

    private func shape(depth: Int) -> String {
        switch self {
        case .null: return "null"
        case .bool(let value): return "\(value)"
        case .integer, .number: return "a number"
        case .string(let text):
            if text.hasPrefix("did:") { return "a DID" }
            if text.hasPrefix("at://") { return "an AT-URI" }
            return "text"
        case .array(let elements):
            guard depth > 0, let first = elements.first else { return "a list of \(elements.count)" }
            return "a list of \(elements.count): \(first.shape(depth: depth - 1))"
        case .object(let members):
            guard depth > 0 else { return "an object" }
            let shown = members.sorted { $0.key < $1.key }.prefix(20).map { name, value in
                "\(PlainText.sanitize(String(name.prefix(40)))): \(value.shape(depth: depth - 1))"
            }
            return "{\(shown.joined(separator: ", "))\(members.count > 20 ? ", …" : "")}"
        }
    }
}
