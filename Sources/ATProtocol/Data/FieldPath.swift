/// Where values stand in a record: `title`, `subject.uri`, `subjects[*].uri`, `items[0]`.
///
/// Names of members with dots between them; `[*]` behind one stands for every element of its array, `[2]` for the third. What
/// is an array itself is read from `[*]` on.
public struct FieldPath: SyntaxValue {
    /// The text, verbatim.
    public let text: String
    private let steps: [Step]

    private enum Step: Hashable {
        case member(String)
        case element(Int)
        case everyElement
    }

    /// Reads a path.
    ///
    /// - Throws: ``SyntaxError`` for what is no name of a member, and for brackets that hold neither `*` nor a number.
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

    /// Letters, digits, `_` and `-`, no digit first, perhaps behind a `$`: what a lexicon can name.
    private static func isName(_ text: Substring) -> Bool {
        let name = text.first == "$" ? text.dropFirst() : text
        return name.first.map { !$0.isNumber } ?? false
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
    }

    /// The values that stand there, in order; none when a step is missing.
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

    /// A value that has a given one at this path, and otherwise what another value has.
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

    /// Whether it may name more than one value.
    public var isPlural: Bool { steps.contains(.everyElement) }
}
