import ATProtocol
import Sandbox
import TestSupport
import Testing

@testable import Notifier
@testable import Templates

@Suite struct `Composing` {
    static func composer(
        listed: Int = 1,
        message: String = "{{record.title}}",
        about: String = ""
    ) throws -> Composer {
        var configuration = NotifierConfiguration(rules: [try World.rule(name: "issues", message: message)])
        configuration.digest.maximumListed = listed
        configuration.message.about = about
        return Composer(configuration: configuration)
    }

    static func request(_ title: String, _ number: Int = 1, project: String? = "Windmill") throws -> ChangeRequest {
        let uri = try ATURI("at://\(World.author)/com.example.change.request/key\(number)")
        return ChangeRequest(
            uri: uri,
            author: World.author,
            authorName: nil,
            record: ["title": .string(title)],
            reference: .record(try ATURI("at://\(World.owner)/com.example.project/p1")),
            rule: "issues",
            owner: World.owner,
            projectName: project
        )
    }

    @Test func `a message says what, where, who sends it, why, and how to stop it`() throws {
        let message = try Self.composer().compose([try Self.request("Mend the sails")], marks: ["abc"])
        #expect(
            message.text == """
                “Mend the sails”
                https://example.com/\(World.author)/key1

                — Impact Notifier: you get this because you own “Windmill”. Answer STOP to get no more of these, or HELP. [ref-abc]
                """
        )
    }

    private static func request(_ number: Int, for role: RecipientRole) throws -> ChangeRequest {
        let plain = try request("Request \(number)", number)
        return ChangeRequest(
            uri: plain.uri,
            author: plain.author,
            authorName: nil,
            record: plain.record,
            reference: plain.reference,
            rule: plain.rule,
            owner: role == .owner ? World.owner : World.did("person"),
            projectName: plain.projectName,
            role: role
        )
    }

    @Test(arguments: [
        (RecipientRole.owner, "you own “Windmill”", "for your projects:"),
        (.collaborator, "you are a collaborator of “Windmill”", "for projects that you work on:"),
        (.subscriber, "you subscribed to “Windmill”", "for what you subscribed to:"),
    ]) func `each is told why, alone and in a list`(role: RecipientRole, why: String, whose: String) throws {
        let one = try Self.composer().compose([try Self.request(1, for: role)], marks: ["a"])
        #expect(one.text.contains("— Impact Notifier: you get this because \(why). Answer STOP"))
        let two = try Self.composer(listed: 5).compose(
            [try Self.request(1, for: role), try Self.request(2, for: role)],
            marks: ["a", "b"]
        )
        #expect(two.text.hasPrefix("2 new change requests \(whose)") && two.text.contains("because \(why)."))
    }

    @Test func `who is several things to several projects is told each, and an answer says how many more`() throws {
        let requests = try [RecipientRole.collaborator, .subscriber].enumerated().map {
            try Self.request($0.offset + 1, for: $0.element)
        }
        let message = try Self.composer(listed: 5).compose(requests, marks: ["a", "b"], answering: "message-1")
        #expect(message.text.hasPrefix("2 more about this:"))
        #expect(
            message.text.contains(
                "because you are a collaborator of “Windmill”, and because you subscribed to “Windmill”."
            )
        )
        #expect(message.input["replyTo"]?["messageId"] == "message-1")
        let mixed = try Self.composer(listed: 5).compose(requests, marks: ["a", "b"])
        #expect(mixed.text.hasPrefix("2 new change requests:") && mixed.input["replyTo"] == nil)
    }

    @Test func `a link that leaves no room is left out, alone and in a list`() throws {
        let key = String(repeating: "k", count: 512)
        var configuration = NotifierConfiguration(rules: [try World.rule(name: "issues", message: "{{record.title}}")])
        configuration.message.contact = String(repeating: "c", count: 200)
        configuration.digest.maximumListed = 5
        let host = Array(repeating: String(repeating: "h", count: 60), count: 4).joined(separator: ".")
        func request(_ number: Int) throws -> ChangeRequest {
            let plain = try Self.request("Request \(number)", number)
            return ChangeRequest(
                uri: try ATURI("at://did:web:\(host)/com.example.change.request/\(key.dropLast(1))\(number)"),
                author: try DID("did:web:\(host)"),
                authorName: nil,
                record: plain.record,
                reference: plain.reference,
                rule: plain.rule,
                owner: plain.owner,
                projectName: plain.projectName
            )
        }
        let composer = Composer(configuration: configuration)
        let one = try composer.compose([request(1)], marks: ["abc"])
        #expect(one.text.hasPrefix("“Request 1”\n") && one.links.isEmpty)
        let many = try composer.compose([request(1), request(2), request(3)], marks: Self.marks(3))
        #expect(many.text.hasPrefix("3 new change requests") && many.text.contains("… and 3 more."))
    }

    @Test func `the first message says in a line of its own who runs this, with its address as a link`() throws {
        let about = "Run by the Windmill team (https://mill.example/bot)."
        let composer = try Self.composer(listed: 3, about: about)
        let first = try composer.compose([try Self.request("Mend the sails")], marks: ["abc"], isFirst: true)
        #expect(
            first.text == """
                “Mend the sails”
                https://example.com/\(World.author)/key1

                \(about)
                — Impact Notifier: you get this because you own “Windmill”. Answer STOP to get no more of these, \
                or HELP. [ref-abc]
                """
        )
        #expect(first.links.last?.uri == "https://mill.example/bot")
        try check(first, links: 2, marks: 1)
        let requests = try (1...5).map { try Self.request("Request \($0)", $0) }
        let digest = try composer.compose(requests, marks: Self.marks(5), isFirst: true)
        #expect(digest.text.contains("\n\n\(about)\n— Impact Notifier: "))
        try check(digest, links: 4, marks: 3)
        let later = try composer.compose(requests, marks: Self.marks(5))
        #expect(!later.text.contains("Windmill team"))
        #expect(try Self.composer().compose([requests[0]], marks: ["abc"], isFirst: true).text.contains("key1\n\n— "))
    }

    @Test(
        arguments: [
            ("see https://a.example, https://b.example/x?y=z!", ["https://a.example", "https://b.example/x?y=z"]),
            ("https://a.example", ["https://a.example"]), ("https:// and https://", []),
            ("http://a.example www.a.example", []),
            (
                "é “https://a.example/x”, https://b.example/#c https://b.example/é",
                ["https://a.example/x", "https://b.example/#c"]
            ),
        ] as [(String, [String])]
    )
    func `an address of the operator's is a link without what ends the sentence`(about: String, links: [String]) throws
    {
        let message = try Self.composer(about: about).compose([Self.request("x")], marks: ["abc"], isFirst: true)
        #expect(message.text.contains("\n\(about)\n"))
        #expect(message.links.dropFirst().map(\.uri) == links)
        try check(message, links: links.count + 1, marks: 1)
    }

    @Test func `who runs this is left out before a link is, and never costs a message`() throws {
        for length in [0, 1, 100, 200, 300, 400, 500, 2000] {
            let about = String(repeating: "x", count: length)
            let composer = try Self.composer(listed: 9, message: "{{record.title | truncate: 1000}}", about: about)
            let requests = try (1...9).map { try Self.request(String(repeating: "word ", count: 400), $0) }
            let one = try composer.compose([requests[0]], marks: ["abc"], isFirst: true)
            try check(one, links: 1)
            #expect(one.text.contains("\n\(about)\n— ") || length > 200)
            let many = try composer.compose(requests, marks: Self.marks(9), isFirst: true)
            try check(many, links: many.links.count)
            #expect(many.text.contains("\n\(about)\n— ") && !many.links.isEmpty || length > 200)
        }
    }

    @Test func `a project's name passes no link on, nor nothing at all`() throws {
        func footer(_ project: String) throws -> String {
            try Self.composer().compose([try Self.request("Hello", project: project)], marks: ["abc"]).text
        }
        #expect(try footer("Mill https://evil.example.com/x").contains("because you own “Mill [link]”."))
        #expect(try footer("\u{202E}\n ").contains("because you own “p1”."))
    }

    @Test func `a name of nothing but space is none, in a rule's text either`() throws {
        let composer = try Self.composer(message: "A change of {{project.name}}")
        for name in [" \u{2800}\n", "\u{301}"] {
            let message = try composer.compose([try Self.request("Hello", project: name)], marks: ["abc"])
            #expect(message.text.hasPrefix("A change of “p1”\n") && message.text.contains("because you own “p1”."))
        }
    }

    @Test func `a message about several projects names none of them as its cause`() throws {
        let one = try Self.request("Request 1")
        func cause(_ references: ProjectReference...) throws -> String {
            let requests = references.map { reference in
                ChangeRequest(
                    uri: one.uri,
                    author: one.author,
                    authorName: nil,
                    record: one.record,
                    reference: reference,
                    rule: one.rule,
                    owner: one.owner,
                    projectName: one.projectName
                )
            }
            let text = try Self.composer(listed: 5).compose(requests, marks: Self.marks(requests.count)).text
            let start = try #require(text.firstRange(of: "you get this because ")).upperBound
            return String(text[start...].prefix { $0 != "." })
        }
        let other = ProjectReference.record(try ATURI("at://\(World.owner)/com.example.project/p2"))
        #expect(try cause(one.reference, one.reference) == "you own “Windmill”")
        #expect(try cause(one.reference, other) == "you own these projects")
        #expect(try cause(.account(World.owner), one.reference) == "you own “Windmill”")
        #expect(try cause(.account(World.owner)) == "it names your account")
        #expect(try cause(.account(World.owner), .account(World.owner)) == "they name your account")
    }

    @Test func `links stand at their UTF-8 bytes`() throws {
        let message = try Self.composer().compose([try Self.request("Größe 👩‍👩‍👧‍👦 é")], marks: ["abc"])
        try check(message, links: 1)
    }

    @Test func `several requests become a list, and the rest a number`() throws {
        let requests = try (1...9).map { try Self.request("Request \($0)", $0) }
        let message = try Self.composer(listed: 3).compose(requests, marks: Self.marks(requests.count))
        #expect(message.text.hasPrefix("9 new change requests for your projects:\n\n• “Request 1”\n"))
        #expect(message.text.contains("\n\n… and 6 more.\n\n"))
        try check(message, links: 3)
    }

    @Test func `a list gives way until it fits`() throws {
        let requests = try (1...40).map { try Self.request(String(repeating: "word ", count: 60), $0) }
        let message = try Self.composer(listed: 40).compose(requests, marks: Self.marks(requests.count))
        #expect(message.links.count < 40)
        try check(message, links: message.links.count)
    }

    @Test(arguments: [
        ("a\u{202E}b", "ab"), ("a\u{2066}b\u{2069}c", "abc"), ("a\u{200B}b", "ab"), ("a\u{00AD}b", "ab"),
        ("a\nb\r\nc\td", "a b c d"), ("  a  ", "a"), ("a\u{2028}b\u{2029}c", "a b c"), ("a\u{0}b", "a b"),
        ("\u{FEFF}a", "a"), ("👩‍👩‍👧", "👩‍👩‍👧"), ("a\u{E0041}b", "ab"), ("\u{3164}a", "a"), ("x\u{E000}y", "xy"),
        ("می\u{200C}خواهم", "می\u{200C}خواهم"),
    ])
    func `text of strangers is made harmless`(text: String, shown: String) {
        #expect(Array(PlainText.sanitize(text).utf8) == Array(shown.utf8))
    }

    @Test func `a grapheme of a thousand marks keeps a few`() {
        let text = PlainText.sanitize("a" + String(repeating: "\u{301}", count: 1000))
        #expect(text.unicodeScalars.count == PlainText.maximumScalarsPerGrapheme)
    }

    @Test func `over random Unicode the limits hold and the links are where they say`() throws {
        let seed = randomSeed()
        var generator = SeededGenerator(seed: seed)
        let about = "Run by people, see mill.example."
        let composer = try Self.composer(message: "{{record.title | truncate: 1000}}", about: about)
        let digest = try Self.composer(listed: 7, message: "{{record.title | truncate: 300}}", about: about)
        for _ in 0..<300 {
            let requests = try (1...Int.random(in: 1...12, using: &generator)).map { number in
                try Self.request(Self.text(&generator), number, project: Self.text(&generator))
            }
            let isFirst = Bool.random(using: &generator)
            try check(try composer.compose([requests[0]], marks: ["abc"], isFirst: isFirst), links: 1)
            let several = try digest.compose(requests, marks: Self.marks(requests.count), isFirst: isFirst)
            try check(several, links: several.links.count)
        }
    }

    private static func marks(_ count: Int) -> [String] {
        (0..<count).map { number in
            String(repeating: "a", count: 2) + String(Array("abcdefghijklmnopqrstuvwxyz")[number % 26])
        }
    }

    private func check(_ message: ComposedMessage, links: Int, marks: Int? = nil) throws {
        #expect(message.text.count <= ComposedMessage.maximumGraphemes)
        #expect(message.text.utf8.count <= ComposedMessage.maximumBytes)
        #expect(message.text.hasSuffix(" [\(message.reference)]"))
        #expect(MessageReference.marks(in: message.text).count == marks ?? max(1, links))
        #expect(message.links.count == links)
        let bytes = Array(message.text.utf8)
        var end = 0
        for link in message.links {
            try #require(link.byteStart >= end && link.byteEnd <= bytes.count)
            #expect(String(decoding: bytes[link.byteStart..<link.byteEnd], as: UTF8.self) == link.uri)
            end = link.byteEnd
        }
        let isSteered = message.text.unicodeScalars.contains { $0.properties.isBidiControl }
        #expect(!isSteered)
    }

    private static func text(_ generator: inout SeededGenerator) -> String {
        let length = [0, 1, 5, 40, 400, 3000].randomElement(using: &generator) ?? 0
        var text = String.UnicodeScalarView()
        for _ in 0..<length {
            let ranges: [ClosedRange<UInt32>] = [
                0x20...0x7E, 0...0x1F, 0x300...0x36F, 0x1F300...0x1FAFF, 0x1F1E6...0x1F1FF, 0x200B...0x206F,
                0x1100...0x11FF, 0x0900...0x097F, 0xE0000...0xE007F, 0x4E00...0x9FFF, 0...0x10FFFF,
            ]
            let value = UInt32.random(in: ranges.randomElement(using: &generator) ?? 0...0x7F, using: &generator)
            if let scalar = Unicode.Scalar(value) { text.append(scalar) }
        }
        return String(text)
    }
}
