import ATProtocol
import FoundationEssentials
import Glibc
import OAuth
import Sandbox
import TestSupport
import Testing

@testable import ImpactNotifier
@testable import Notifier

/// The configuration that `init` writes: the one that comes with the program, with what was decided in it.
@Suite struct `A configuration that init writes` {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
    private static let uri = "at://\(SetupTrial.author)/com.example.request/3lq2zk5wq2222"

    private static func own(_ record: JSONValue, at place: String = uri) throws -> SetupChoices.Rules {
        let uri = try ATURI(place)
        return .own(
            SetupChoices.OwnRule(
                record: uri,
                collection: try #require(uri.collection),
                reference: try #require(ReferenceCandidate.all(in: record, by: uri.did).first),
                title: record["title"] == nil ? "text" : "title"
            )
        )
    }

    private static let record: JSONValue = [
        "title": "Mend the door", "subject": .string("at://\(SetupTrial.owner)/com.example.project/p1"),
    ]

    @Test(arguments: ShippedFiles.presets.map(\.name) + ["", "tangled leaflet"])
    func `passes check, whatever the rule, the session and the recipients`(names: String) throws {
        let sessions: [SetupChoices.Session] = [
            .loopback, .confidential(folder: "https://notifier.example.net/bot/"), .appPassword("abcd-efgh-2345-6789"),
        ]
        for session in sessions {
            for recipients in PolicyConfiguration.Recipients.allCases {
                let folder = try SetupFolder()
                var choices = SetupChoices()
                choices.account = "\(SetupTrial.bot)  # bot.example.com"
                choices.rules =
                    try names.isEmpty
                    ? Self.own(Self.record) : .presets(names.split(separator: " ").map(String.init))
                choices.session = session
                choices.recipients = recipients
                choices.isShadow = recipients == .followers
                if recipients == .allowlist {
                    choices.allowlist = [try DID(SetupTrial.owner), try DID(SetupTrial.author)]
                }
                #expect(try folder.files.write(choices).count == (session == .loopback ? 1 : 2))
                let configuration = try folder.check()
                #expect(try configuration.account == .did(DID(SetupTrial.bot)))
                #expect(configuration.delivery.policy.recipients == recipients)
                #expect(configuration.delivery.policy.allowlist == Set(choices.allowlist))
                #expect(configuration.delivery.sending.isEnabled == !choices.isShadow)
                #expect(configuration.stateDirectory.hasSuffix("/state"))
                #expect(!configuration.delivery.rules.isEmpty)
                switch session {
                case .loopback: #expect(configuration.session.kind == .loopback)
                case .confidential:
                    #expect(configuration.session.kind == .confidential)
                    #expect(configuration.session.redirectURI == "https://notifier.example.net/bot/callback.html")
                case .appPassword:
                    #expect(configuration.session.kind == .appPassword)
                    #expect(folder.directory.text("secrets/app-password") == "abcd-efgh-2345-6789\n")
                    #expect(!folder.directory.text("impact-notifier.yaml").contains("abcd-efgh"))
                }
            }
        }
    }

    @Test func `keeps every comment of the one that comes with the program`() throws {
        var choices = SetupChoices()
        choices.account = SetupTrial.bot
        choices.rules = try Self.own(Self.record)
        let text = try choices.text(at: SetupFolder().place)
        let lines = Set(text.split(separator: "\n").map(String.init))
        let comments = ShippedFiles.configuration.split(separator: "\n").map(String.init).filter {
            $0.drop { $0 == " " }.hasPrefix("# ")
        }
        #expect(comments.count > 60)
        for comment in comments { #expect(lines.contains(comment)) }
        #expect(lines.contains("account: \(SetupTrial.bot)"))
        #expect(lines.contains("  #interval: 15s"), "what was not decided stays as it was")
    }

    @Test func `names rules as files where these lie beside it`() throws {
        let folder = try SetupFolder()
        #expect(unsafe mkdir(folder.directory.file("rules"), 0o700) == 0)
        let tangled = try #require(ShippedFiles.presets.first { $0.name == "tangled" })
        try folder.directory.write(tangled.text, to: "rules/tangled.yaml")
        var choices = SetupChoices()
        choices.rules = .presets(["tangled"])
        let text = try choices.text(at: folder.place)
        #expect(text.contains("\nrule_files: [rules/tangled.yaml]\n") && !text.contains("\nrules:\n"))
        choices.rules = .presets(["tangled", "leaflet"])
        let whole = try choices.text(at: folder.place)
        #expect(!whole.contains("\nrule_files:") && whole.contains("- name: leaflet-comments"))
    }

    private static let project = JSONValue.string("at://\(SetupTrial.owner)/com.example.project/p1")
    private static let records: [(record: JSONValue, path: String, form: String)] = [
        (record, "subject", "at-uri"),
        (["text": "x", "subject": .string(SetupTrial.owner)], "subject", "did"),
        (["title": "x", "subjects": [["uri": project, "cid": "b"]]], "subjects[*]", "strong-ref"),
        (["title": "x", "about": ["uri": project]], "about.uri", "at-uri"),
        (["title": "x", "about": ["$type": "x#y", "did": .string(SetupTrial.owner)]], "about", "union"),
    ]

    @Test(arguments: records.indices) func `has a rule that reads the record it was made after`(index: Int) throws {
        let (record, path, form) = Self.records[index]
        let folder = try SetupFolder()
        var choices = SetupChoices()
        choices.rules = try Self.own(record)
        _ = try folder.files.write(choices)
        let rule = try #require(try folder.check().delivery.rules.first)
        #expect(rule.name == "request" && rule.link == nil)
        #expect(rule.references.paths.map(\.text) == [path] && rule.references.formNames == [form])
        let (steps, applies) = rule.report(on: try NSID("com.example.request"), record)
        #expect(applies && steps.contains { $0.hasPrefix("refers to") && $0.contains(SetupTrial.owner) }, "\(steps)")
    }

    @Test(arguments: ["null", "no", "true", "request"])
    func `has a rule for a collection of any name`(name: String) throws {
        let folder = try SetupFolder()
        var choices = SetupChoices()
        choices.rules = try Self.own(Self.record, at: "at://\(SetupTrial.author)/com.example.\(name)/3lq2zk5wq2222")
        _ = try folder.files.write(choices)
        #expect(try folder.check().delivery.rules.map(\.name) == [name])
    }

    @Test func `has what --set says, and refuses what is no key`() throws {
        var choices = SetupChoices()
        choices.settings = try [
            "sending.interval=1s", #"stream.hosts=["wss://a.example.com/subscribe"]"#, "status.listen=127.0.0.1:9465",
        ].map { try SetupSetting($0) }
        let text = try choices.text(at: SetupFolder().place)
        #expect(text.contains("\n  interval: 1s\n") && text.contains("\n  listen: 127.0.0.1:9465\n"))
        #expect(text.contains("  hosts: [\"wss://a.example.com/subscribe\"]\n  # A host with terms"))
        choices.settings = [try SetupSetting("sending.intervall=1s")]
        let objection = #expect(throws: SetupError.self) { try choices.text(at: SetupFolder().place) }
        #expect(objection?.description.contains("did you mean 'sending.interval'?") == true)
        #expect(throws: SetupError.self) { try SetupSetting("sending.interval") }
    }

    @Test func `is of the files that come with the program`() throws {
        let shipped = try String(contentsOfFile: "\(Self.root)/config/impact-notifier.yaml", encoding: .utf8)
        // After a change of these files alone: touch Package.swift, as make does, for the build does not look at them.
        #expect(ShippedFiles.configuration == shipped)
        for (name, bytes) in [("page.css", PackageResources.page_css), ("page.js", PackageResources.page_js)] {
            let path = "\(Self.root)/Sources/ImpactNotifier/Resources/\(name)"
            let written = try String(contentsOfFile: path, encoding: .utf8)
            #expect(String(decoding: bytes, as: UTF8.self) == written, "\(name)")
        }
        let folder = "\(Self.root)/config/rules"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yaml") }
        #expect(ShippedFiles.presets.map { "\($0.name).yaml" } == names.sorted())
        for preset in ShippedFiles.presets {
            #expect(try preset.text == String(contentsOfFile: "\(folder)/\(preset.name).yaml", encoding: .utf8))
            #expect(preset.title.count > 10 && preset.rules.hasPrefix("  "))
        }
    }
}
