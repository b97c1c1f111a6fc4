/// Parses the template language in one pass.
struct TemplateParser {
    private let characters: [Character]
    private var position = 0

    init(_ source: String) { characters = Array(source) }

    mutating func parse() throws(TemplateError) -> [Template.Segment] {
        var segments: [Template.Segment] = []
        var literal = ""
        while position < characters.count {
            if follows("{{") {
                if !literal.isEmpty { segments.append(.literal(literal)) }
                literal = ""
                position += 2
                segments.append(try expression())
            } else if follows("}}") {
                throw failure("}} closes nothing")
            } else if let name = singleBraces() {
                throw failure("a field stands in two braces: {{\(name)}}")
            } else {
                literal.append(characters[position])
                position += 1
            }
        }
        if !literal.isEmpty { segments.append(.literal(literal)) }
        return segments
    }

    private func follows(_ pair: String) -> Bool {
        position + 1 < characters.count && String(characters[position...(position + 1)]) == pair
    }

    /// The field in one pair of braces at this point; nil for anything else.
    private func singleBraces() -> String? {
        guard characters[position] == "{" else { return nil }
        let name = characters[(position + 1)...].prefix(while: Self.isWord)
        guard characters.dropFirst(position + 1 + name.count).first == "}" else { return nil }
        return TemplateField(String(name)) == nil ? nil : String(name)
    }

    private func failure(_ reason: String) -> TemplateError { TemplateError(column: position + 1, reason: reason) }

    private mutating func skipSpace() {
        while position < characters.count, characters[position] == " " { position += 1 }
    }

    private mutating func expression() throws(TemplateError) -> Template.Segment {
        skipSpace()
        let start = position
        let name = word()
        guard let field = TemplateField(name) else {
            position = start
            throw failure(name.isEmpty ? "a field's name must follow {{" : "there is no field '\(name)'")
        }
        var filters: [Template.Filter] = []
        while true {
            skipSpace()
            if follows("}}") {
                position += 2
                return .field(field, filters)
            }
            guard position < characters.count, characters[position] == "|" else {
                throw failure("| or }} must follow here")
            }
            position += 1
            filters.append(try filter(of: field))
        }
    }

    private mutating func word() -> String {
        let start = position
        while position < characters.count, Self.isWord(characters[position]) { position += 1 }
        return String(characters[start..<position])
    }

    private static func isWord(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "._$-[]*".contains(character))
    }

    private mutating func filter(of field: TemplateField) throws(TemplateError) -> Template.Filter {
        skipSpace()
        let start = position
        let name = word()
        switch name {
        case "truncate":
            try colon(after: name)
            let digits = word()
            guard let limit = Int(digits), (1...1000).contains(limit) else {
                throw failure("truncate needs a number from 1 to 1000")
            }
            return .truncate(limit)
        case "default":
            try colon(after: name)
            return .fallback(try quoted())
        case "plural":
            guard field == .known(.count) else {
                position = start
                throw failure("plural chooses by a count, and this field is a text")
            }
            try colon(after: name)
            let one = try quoted()
            skipSpace()
            guard position < characters.count, characters[position] == "," else {
                throw failure("plural needs two texts with a comma between them")
            }
            position += 1
            return .plural(one: one, other: try quoted())
        default:
            position = start
            throw failure("there is no filter '\(name)'; there are truncate, default and plural")
        }
    }

    private mutating func colon(after name: String) throws(TemplateError) {
        skipSpace()
        guard position < characters.count, characters[position] == ":" else {
            throw failure("a colon must follow \(name)")
        }
        position += 1
        skipSpace()
    }

    private mutating func quoted() throws(TemplateError) -> String {
        skipSpace()
        guard position < characters.count, characters[position] == "\"" else {
            throw failure("a text in double quotes must stand here")
        }
        position += 1
        var text = ""
        while position < characters.count {
            let character = characters[position]
            position += 1
            if character == "\"" { return text }
            text.append(character)
        }
        throw failure("a quoted text has no end")
    }
}
