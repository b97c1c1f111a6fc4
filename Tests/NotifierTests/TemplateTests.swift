import ATProtocol
import Testing

@testable import Notifier
@testable import Templates

@Suite struct `Templates` {
    static let mistakes: [(source: String, column: Int, words: String)] = [
        ("hello {{", 9, "a field's name must follow"),
        ("hello {{ nothing }}", 10, "there is no field 'nothing'"),
        ("{{author.did", 13, "| or }} must follow"),
        ("a }} b", 3, "closes nothing"), ("by {author.name} ", 4, "{{author.name}}"),
        ("{record.title}", 1, "{{record.title}}"),
        ("{{record.title | shout}}", 18, "there is no filter 'shout'"),
        ("{{record.title | truncate}}", 26, "a colon must follow"),
        ("{{record.title | truncate: 0}}", 29, "1 to 1000"),
        ("{{record.title | truncate: many}}", 32, "1 to 1000"),
        ("{{record.title | default: x}}", 27, "double quotes"),
        (#"{{record.title | default: "x}}"#, 31, "has no end"),
        (#"{{record.title | plural: "a", "b"}}"#, 18, "chooses by a count"),
        (#"{{count | plural: "a"}}"#, 22, "a comma"),
    ]

    @Test(arguments: mistakes) func `a mistake is found with its column`(source: String, column: Int, words: String) {
        #expect { try Template(source) } throws: { error in
            guard let error = error as? TemplateError else { return false }
            return error.column == column && error.reason.contains(words)
        }
    }

    static let renderings: [(source: String, text: String)] = [
        ("plain", "plain"),
        ("{{record.title}}", "“A title”"),
        ("{{ record.title }}!", "“A title”!"),
        ("{{record.title | truncate: 4}}", "“A t…”"),
        (#"{{record.none | default: "nothing"}}"#, "nothing"),
        (#"{{record.none | default: "a | b }} c"}}"#, "a | b }} c"),
        (#"{{count}} {{count | plural: "request", "requests"}}"#, "3 requests"),
        ("{{author.did}}/{{rule.name}}", "did:plc:x/r"),
    ]

    @Test(arguments: renderings) func `fields, filters and defaults become text`(source: String, text: String) throws {
        let shown = try Template(source).render { field in
            switch field {
            case .record(let path) where path.text == "title": .text("A\ntitle")
            case .known(.authorDID): .text("did:plc:x")
            case .known(.ruleName): .text("r")
            case .known(.count): .number(3)
            default: nil
            }
        }
        #expect(shown == text)
    }

    @Test func `a link takes no filters`() {
        #expect(throws: TemplateError.self) { try LinkTemplate("https://a.com/{{author.did | truncate: 5}}") }
    }

    @Test func `a count of one takes the first of the two words`() throws {
        #expect(try Template(#"{{count | plural: "one", "many"}}"#).render { _ in .number(1) } == "one")
    }

    @Test func `a link percent-encodes its fields and keeps the colons of a DID`() throws {
        let link = try LinkTemplate("https://example.com/r/{{author.did}}/{{request.rkey}}?u={{request.uri}}")
        let shown = link.render { field in
            switch field {
            case .known(.authorDID): .text("did:web:example.com")
            case .known(.requestRecordKey): .text("a~b:c")
            case .known(.requestURI): .text("at://did:plc:x/a.b.c/é d")
            default: nil
            }
        }
        #expect(shown == "https://example.com/r/did:web:example.com/a~b:c?u=at:%2F%2Fdid:plc:x%2Fa.b.c%2F%C3%A9%20d")
    }
}
