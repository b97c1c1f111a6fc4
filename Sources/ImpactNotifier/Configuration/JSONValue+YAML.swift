internal import ATProtocol
internal import Yams

extension JSONValue {
    /// A node of YAML as JSON (YAML 1.2 §10.3); nil when it, or a name in it, has no JSON form.
    init?(_ node: Node) {
        switch node {
        case .scalar(let scalar):
            guard scalar.style == .plain else {
                self = .string(scalar.string)
                return
            }
            switch scalar.string {
            case "", "~", "null", "Null", "NULL": self = .null
            case "true", "True", "TRUE": self = .bool(true)
            case "false", "False", "FALSE": self = .bool(false)
            case let text:
                let isNumber =
                    text.wholeMatch(of: /[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0[xo][0-9a-fA-F]+/) != nil
                let number = Int64(text).map(JSONValue.integer) ?? .number(Double(text) ?? 0)
                self = isNumber ? number : .string(text)
            }
        case .sequence(let sequence):
            let elements = sequence.compactMap(JSONValue.init)
            guard elements.count == sequence.count else { return nil }
            self = .array(elements)
        case .mapping(let mapping):
            var members: [String: JSONValue] = [:]
            for (name, value) in mapping {
                guard let name = name.string, let value = JSONValue(value) else { return nil }
                members[name] = value
            }
            self = .object(members)
        case .alias: return nil
        }
    }
}
