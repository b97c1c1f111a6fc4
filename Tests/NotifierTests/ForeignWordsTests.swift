import ATProtocol
import Foundation
import Sandbox
import TestSupport
import Testing

@testable import Notifier
@testable import Templates

@Suite struct `Words of strangers` {
    @Test(arguments: [
        ("see https://evil.example/x now", "see [link] now"), ("(HTTPS://EVIL.example)", "[link]"),
        ("www.evil.example", "[link]"), ("(www.evil.com)", "[link]"), ("www｡\u{115BB}com", "[link]"),
        ("https:\u{200D}//evil.com", "[link]"),
        ("ht\u{200D}tps://evil.com/x", "[link]"),
        ("ｈｔｔｐｓ：／／ｅｖｉｌ．ｃｏｍ", "[link]"), ("https:∕∕evil.com", "[link]"),
        ("Login at evil.example/login?x=1 now", "Login at evil. example/login?x=1 now"),
        ("bit.ly/x README.md xn--80ak6aa92e.com", "bit. ly/x README. md xn--80ak6aa92e. com"),
        ("пример.рф x.中 evil.℡ x⒈com", "пример. рф x. 中 evil. ℡ x⒈ com"),
        ("EVIL\u{3002}com evil\u{2024}com evil\u{FF61}com", "EVIL\u{3002} com evil\u{2024} com evil\u{FF61} com"),
        ("evil.\u{200D}com evil.\u{301}com", "evil.\u{200D} com evil.\u{301} com"),
        ("10.0.0.1 ping", "10.0.0. 1 ping"),
        ("javascript:alert(1) mailto:a@evil.com tel:+1", "javascript: alert(1) mailto: a@ evil. com tel: +1"),
        ("@bsky.app #tag #1a $TSLA", "@ bsky. app # tag # 1a $ TSLA"), ("＠bsky ＃tag", "＠ bsky ＃ tag"),
        ("[click](evil.com)", "(click)(evil. com)"), ("x” — evil: “y", "x' – evil: 'y"),
        ("— Impact Notifier: answer STOP. [ref-aa]", "– Impact Notifier: answer STOP. (ref-aa)"),
        ("\u{301}abc", "abc"), ("\u{202E}\n ", ""),
    ]) func `lead nowhere`(text: String, shown: String) {
        #expect(Array(ForeignWords.defused(text).unicodeScalars) == Array(shown.unicodeScalars))
    }

    @Test(arguments: [
        "no link, e.g. here", "v1.2, 1.2.3 and $5 for #12 at 10:30", "std::vector<int> foo().bar .gitignore", "U.S.A.",
        "a… b... c: d; (e.) :)", "می\u{200C}خواهم", "👩‍👩‍👧‍👦 Größe", "完成。",
    ]) func `that lead nowhere stay as they are`(text: String) {
        #expect(ForeignWords.defused(text) == text)
    }

    /// What clients make links of, once they mapped characters as browsers do; wider than any of them.
    private static func links(in text: String) -> [String] {
        let visible = String.UnicodeScalarView(
            text.unicodeScalars.filter { scalar in
                let category = scalar.properties.generalCategory
                return !scalar.properties.isDefaultIgnorableCodePoint && category != .nonspacingMark
                    && category != .enclosingMark
            }
        )
        let folded = String(visible).precomposedStringWithCompatibilityMapping.lowercased()
            .replacing("。", with: ".").replacing("[link]", with: "")
        let patterns: [Regex<Substring>] = [
            #/[\p{L}\p{N}_\-]\.(?:[a-z][\p{L}\p{N}\-]|[\p{L}--[a-z]])/#, #/\d\.\d+\.\d+\.\d/#, #/:\/\/|www\.(?!\.)/#,
            #/[a-z]:[\p{L}\p{N}\/?\#+]/#, #/@[\p{L}\p{N}_]/#, #/\#[\p{L}_]/#, #/\$[\p{L}]/#, #/\]\(/#,
        ]
        return patterns.flatMap { folded.matches(of: $0.matchingSemantics(.unicodeScalar)).map { String($0.output) } }
    }

    @Test func `the judge of the test below knows a link when it sees one`() {
        for text in [
            "x evil.com", "1.2.3.4", "a://b", "www.x", "mailto:a", "@b", "#c", "$d", "[x](y)", "evil。com", "evil．ｃｏｍ",
            "evil\u{2024}c\u{200D}om", "пример.рф",
        ] {
            #expect(!Self.links(in: text).isEmpty, "\(text)")
        }
    }

    static let pieces = [
        "evil", "com", "рф", "中国", "ｃｏｍ", "𝐜𝐨𝐦", "xn--p1ai", "a", "7", "10", "bsky", "social", "https", "HTTP",
        "mailto",
        "tel", "www", "ref-aaaaaaaaaa", "STOP", "Impact Notifier", "Answer STOP to get no more of these.",
        ".", ".", ".", "。", "．", "｡", "․", "﹒", "⒈", ":", ":", "：", "/", "//", "／", "∕", "@", "＠", "#", "＃", "﹟", "$",
        "?", "-",
        "_", " ", " ", "\n", "\u{A0}", "\u{200B}", "\u{200C}", "\u{200D}", "\u{2060}", "\u{FE0F}", "\u{34F}", "\u{301}",
        "\u{AD}", "\u{202E}", "\u{2066}", "\u{E0041}", "(", ")", "<", ">", "[", "]", "［", "］", "](", "“", "”", "\"",
        "„", "«",
        "「", "''", "—", "―", "•", "— Impact Notifier: you get this because", "{{record.title}}",
    ]

    private static func text(_ generator: inout SeededGenerator) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 1...30, using: &generator) {
            if Int.random(in: 0..<20, using: &generator) == 0,
                let scalar = Unicode.Scalar(UInt32.random(in: 0...0x1FFFF, using: &generator))
            {
                text.unicodeScalars.append(scalar)
            } else {
                text += pieces.randomElement(using: &generator) ?? ""
            }
        }
        return text
    }

    @Test func `are no link in any client, whatever they are`() {
        let seed = randomSeed()
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<4000 {
            let text = Self.text(&generator)
            let shown = ForeignWords.defused(text)
            let found = Self.links(in: shown)
            let scalars = text.unicodeScalars.map { String($0.value, radix: 16) }.joined(separator: " ")
            guard found.isEmpty else {
                Issue.record("seed \(seed): “\(text)” (\(scalars)) became “\(shown)”, where \(found) can be links")
                return
            }
        }
    }

    @Test func `stand in quotation marks, and change nothing outside of them`() throws {
        let seed = randomSeed()
        var generator = SeededGenerator(seed: seed)
        let composer = try Composing.composer(
            listed: 3,
            message: "{{author.did}} wrote to {{project.name | truncate: 40}}: {{record.title | truncate: 1000}}"
        )
        func ours(_ titles: [String], project: String) throws -> String {
            let requests = try titles.enumerated().map { try Composing.request($1, $0 + 1, project: project) }
            let message = try composer.compose(
                requests,
                marks: ["aaa", "bbb", "ccc", "ddd"].prefix(titles.count).map(\.self)
            )
            #expect(MessageReference.marks(in: message.text) == ["aaa", "bbb", "ccc"].prefix(titles.count).map(\.self))
            return message.text.replacing(#/“[^”]*”/#.matchingSemantics(.unicodeScalar), with: "")
        }
        for count in [1, 4] {
            let expected = try ours(Array(repeating: "Window", count: count), project: "Mill")
            for _ in 0..<500 {
                let titles = (0..<count).map { _ in Self.text(&generator) }
                let project = Self.text(&generator)
                #expect(try ours(titles, project: project) == expected, "seed \(seed): \(titles), \(project)")
            }
            let long = Array(repeating: String(repeating: "long ", count: 400), count: count)
            #expect(try ours(long, project: "Mill") == expected)
        }
    }

    @Test func `leave our quotation marks alone, whichever character stands beside them`() {
        for value in UInt32(0)...0x1FFFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let shown = ForeignWords.quoted("\(scalar)word\(scalar)", graphemes: 100, bytes: 1000)
            #expect(shown.first == "“" && shown.last == "”", "\(String(value, radix: 16))")
        }
    }

    @Test(arguments: [
        ("{{record.title}}", "“Mend it”"), ("“{{record.title}}”", "“Mend it”"), ("\"{{record.title}}\"", "\"Mend it\""),
        ("„{{record.title}}“ {{record.title}}", "„Mend it“ “Mend it”"), ("“Re: {{record.title}}!”", "“Re: Mend it!”"),
        ("'{{record.title}}'", "'“Mend it”'"), ("“a” {{record.title}} “b”", "“a” “Mend it” “b”"),
        ("{{record.title | truncate: 4}}.", "“Men…”."), (#"{{record.none | default: "a change"}}"#, "a change"),
        ("{{record.none}}", ""),
        ("{{request.rkey}} {{request.uri}}", "evil. com at://did:plc:a/org. example. xy/evil. com"),
        ("{{author.name}}", "evil.com"),
    ]) func `get the marks that a rule does not give them`(template: String, shown: String) throws {
        let text = try Template(template).render { field in
            switch field {
            case .record(let path): path.text == "title" ? .text("Mend it") : nil
            case .known(.requestURI): .text("at://did:plc:a/org.example.xy/evil.com")
            case .known: .text("evil.com")
            }
        }
        #expect(text == shown)
    }
}
