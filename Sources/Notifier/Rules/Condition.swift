public import ATProtocol

/// A condition on a record: one entry of `when`.
public struct Condition: Sendable, Hashable, CustomStringConvertible {
    /// The test of the values at the path.
    public enum Test: Sendable, Hashable {
        /// One of them is one of these texts, whole numbers or truth values.
        case isOneOf([JSONValue])
        /// There is one, and it is not null.
        case exists
        /// There is none, or it is null.
        case isAbsent
    }

    /// The path of the values; `[*]` stands for every element.
    public let path: FieldPath
    /// The test of the values.
    public let test: Test

    /// Whether a record meets it.
    public func holds(for record: JSONValue) -> Bool {
        let values = path.values(in: record).filter { $0 != .null }
        return switch test {
        case .exists: !values.isEmpty
        case .isAbsent: values.isEmpty
        case .isOneOf(let wanted): values.contains(where: wanted.contains)
        }
    }

    /// Whether every record that meets this one also meets another.
    func implies(_ other: Condition) -> Bool {
        guard path == other.path else { return false }
        return switch (test, other.test) {
        case (.isOneOf(let own), .isOneOf(let others)): own.allSatisfy(others.contains)
        case (.isOneOf, .exists): true
        default: test == other.test
        }
    }

    /// The values in a record at the path, for authors of rules.
    func found(in record: JSONValue) -> String {
        let values = path.values(in: record)
        let isList = !path.isPlural && values.contains { $0.array != nil }
        let shapes = values.isEmpty ? "there is nothing" : values.map(\.shape).joined(separator: ", ")
        return isList ? "\(shapes); \(path)[*] looks at each of its elements" : shapes
    }

    /// The condition as a clause: `acknowledged is false`.
    public var description: String {
        switch test {
        case .exists: "\(path) exists"
        case .isAbsent: "\(path) is absent"
        case .isOneOf(let values) where values.count == 1: "\(path) is \(values[0].encodedText)"
        case .isOneOf(let values): "\(path) is one of \(values.map(\.encodedText).joined(separator: ", "))"
        }
    }
}

extension JSONValue {
    /// A text, number or truth value as written in a configuration; nil for anything else.
    var scalarText: String? {
        switch self {
        case .string(let text): text
        case .integer(let number): String(number)
        case .bool(let value): String(value)
        case .null, .number, .array, .object: nil
        }
    }
}
