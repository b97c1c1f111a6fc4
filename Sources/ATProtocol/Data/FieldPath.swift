/// A path to values in a record: `title`, `subject.uri`, `subjects[*].uri`, `items[0]`.
///
/// The path is a list of member names with dots between them. After a name, `[*]` means every element of its array,
/// `[2]` the third. For a value that is itself an array, the path begins with the brackets.
public struct FieldPath: SyntaxValue {
    /// The text as written.
    public let text: String
    private let steps: [Step]

    private enum Step: Hashable {
        case member(String)
        case element(Int)
        case everyElement
    }

    /// Parses a path.
    ///
    /// - Throws: ``SyntaxError`` for an invalid member name, and for brackets with neither `*` nor a number in them.
    public init(_ text: String) throws(SyntaxError) {
        func wrong(_ reason: String) -> SyntaxError { SyntaxError("path", text, reason) }
        var steps: [Step] = []
        for part in text.split(separator: ".", omittingEmptySubsequences: false) {
            let pieces = part.split(separator: "[", omittingEmptySubsequences: false)
            guard let name = pieces.first, !name.contains("]") else { throw wrong("there is a ] without its [") }
            if !name.isEmpty {
                guard Self.isName(name) else {
                    throw wrong(
                        "'\(name)' is no name that a path can have: letters, digits, _ and -; elements of an array are [0] or [*]"
                    )
                }
                steps.append(.member(String(name)))
            } else if !steps.isEmpty || pieces.count == 1 {
                throw wrong("a member's name is missing")
            }
            for piece in pieces.dropFirst() {
                guard piece.last == "]" else { throw wrong("[ must be closed before the next . or [") }
                let index = piece.dropLast()
                if index == "*" {
                    steps.append(.everyElement)
                } else if let number = Int(index), (0..<1000).contains(number), index == "\(number)" {
                    steps.append(.element(number))
                } else {
                    throw wrong("only [*] and [0] to [999] are understood")
                }
            }
        }
        self.text = text
        self.steps = steps
    }

    /// Whether a lexicon could have this name: letters, digits, `_` and `-`, not a digit first, optionally after `$`.
    private static func isName(_ text: Substring) -> Bool {
        let name = text.first == "$" ? text.dropFirst() : text
        return name.first.map { !$0.isNumber } ?? false
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
    }

    /// The values at this path, in order; empty when a step is missing.
    public func values(in value: JSONValue) -> [JSONValue] {
        steps.reduce([value]) { values, step in
            values.flatMap { value -> [JSONValue] in
                switch step {
                case .member(let name): value[name].map { [$0] } ?? []
                case .element(let index): value[index].map { [$0] } ?? []
                case .everyElement: value.array ?? []
                }
            }
        }
    }

    /// A copy of a value with another value set at this path.
    public func setting(_ leaf: JSONValue, in value: JSONValue) -> JSONValue {
        Self.setting(leaf, steps[...], in: value)
    }

    private static func setting(_ leaf: JSONValue, _ steps: ArraySlice<Step>, in value: JSONValue?) -> JSONValue {
        guard let step = steps.first else { return leaf }
        let rest = steps.dropFirst()
        switch step {
        case .member(let name):
            var members = value?.object ?? [:]
            members[name] = setting(leaf, rest, in: members[name])
            return .object(members)
        case .everyElement: return .array([setting(leaf, rest, in: value?[0])])
        case .element(let index):
            var elements = value?.array ?? []
            while elements.count <= index { elements.append(.object([:])) }
            elements[index] = setting(leaf, rest, in: elements[index])
            return .array(elements)
        }
    }

    /// Whether the path can lead to more than one value.
    public var isPlural: Bool { steps.contains(.everyElement) }
}
