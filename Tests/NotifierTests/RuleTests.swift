import ATProtocol
import Testing

@testable import Notifier

@Suite struct `Rules` {
    static func rule(
        collections: [String] = ["com.example.request"],
        operations: [String] = ["create"],
        paths: [String] = ["repo", "subject"],
        accepts: [String] = ["at-uri", "strong-ref", "union"],
        projects: [String] = ["com.example.project"],
        owner: String = "authority",
        field: String? = nil,
        link: String? = nil,
        message: String = "hello"
    ) throws(RuleError) -> Rule {
        var text = RuleText(
            name: "r",
            collections: collections,
            references: .init(paths, accepts: accepts),
            message: message
        )
        (text.operations, text.projectCollections) = (operations, projects)
        (text.ownerFrom, text.ownerField, text.link) = (owner, field, link)
        return try Rule(text)
    }

    static let project = "at://did:plc:owneraaaaaaaaaaaaaaaaaaa/com.example.project/p1"

    static let references: [(record: JSONValue, reason: Reason?)] = [
        (["repo": .string(project)], nil),
        (["subject": ["uri": .string(project), "cid": "bafy"]], nil),
        (["repo": 7, "subject": ["uri": .string(project), "cid": "bafy"]], nil),
        (["subject": ["$type": "x#repo", "uri": .string(project)]], nil),
        ([:], .referenceMissing),
        (["other": .string(project)], .referenceMissing),
        (["repo": 7], .referenceKindRefused),
        (["repo": .null], .referenceKindRefused),
        (["repo": ["a"]], .referenceKindRefused),
        (["repo": ["uri": 7]], .referenceKindRefused),
        (["repo": "did:plc:owneraaaaaaaaaaaaaaaaaaa"], .referenceKindRefused),
        (["repo": "alice.example.com"], .referenceMalformed),
        (["repo": ""], .referenceMalformed),
        (["repo": .string(project + "/more")], .referenceMalformed),
        (["repo": .string("at://" + String(repeating: "a", count: 8192))], .referenceMalformed),
        (["repo": "at://did:plc:owneraaaaaaaaaaaaaaaaaaa"], .referenceWithoutRecord),
        (["repo": "at://did:plc:owneraaaaaaaaaaaaaaaaaaa/com.example.project"], .referenceWithoutRecord),
        (["repo": "at://did:plc:owneraaaaaaaaaaaaaaaaaaa/com.example.other/p1"], .projectCollectionUnexpected),
        (["repo": "at://did:foo:bar/com.example.project/p1"], .didUnsupported),
        (["repo": "at://did:plc:short/com.example.project/p1"], .didUnsupported),
        (["repo": "at://alice.localhost/com.example.project/p1"], .handleUnresolved),
        (["repo": ["$type": "x#repo", "did": "did:plc:owneraaaaaaaaaaaaaaaaaaa"]], .referenceWithoutOwner),
    ]

    @Test(arguments: references) func `a reference is found or refused with its reason`(
        record: JSONValue,
        reason: Reason?
    ) throws {
        switch try Self.rule().references(in: record) {
        case .success(let references):
            #expect(reason == nil)
            #expect(references.map(\.description) == [Self.project])
        case .failure(let refusal): #expect(refusal.reason == reason)
        }
    }

    @Test func `a DID counts only where the rule says that it is the owner`() throws {
        let rule = try Self.rule(accepts: ["did"], owner: "did")
        let record: JSONValue = ["repo": "did:plc:owneraaaaaaaaaaaaaaaaaaa"]
        #expect(try rule.references(in: record).get() == [.account(World.did("owneraaaaaaaaaaaaaaaaaaa"))])
    }

    @Test func `a mistake names the rule and the key`() {
        let mistakes: [(key: String, make: () throws(RuleError) -> Rule)] = [
            ("collections", { () throws(RuleError) in try Self.rule(collections: ["not-an-nsid"]) }),
            ("collections", { () throws(RuleError) in try Self.rule(collections: []) }),
            ("operations", { () throws(RuleError) in try Self.rule(operations: ["delete"]) }),
            ("operations", { () throws(RuleError) in try Self.rule(operations: []) }),
            ("reference_paths", { () throws(RuleError) in try Self.rule(paths: ["a..b"]) }),
            ("accepts", { () throws(RuleError) in try Self.rule(accepts: ["uri"]) }),
            ("project_collections", { () throws(RuleError) in try Self.rule(projects: ["x"]) }),
            ("owner_from", { () throws(RuleError) in try Self.rule(owner: "author") }),
            ("owner_field", { () throws(RuleError) in try Self.rule(owner: "project-record-field") }),
            ("owner_field", { () throws(RuleError) in try Self.rule(field: "x") }),
            ("link", { () throws(RuleError) in try Self.rule(link: "http://example.com/{{author.did}}") }),
            ("link", { () throws(RuleError) in try Self.rule(link: "https://{{author.did}}/x") }),
            ("link", { () throws(RuleError) in try Self.rule(link: "https://example.com/{{record.url}}") }),
            ("message", { () throws(RuleError) in try Self.rule(message: "{{record.}}") }),
            ("message", { () throws(RuleError) in try Self.rule(message: " ") }),
            ("collections", { () throws(RuleError) in try Self.rule(collections: ["COM.example.request"]) }),
            ("reference_paths", { () throws(RuleError) in try Self.rule(paths: ["subject, project"]) }),
            ("accepts", { () throws(RuleError) in try Self.rule(accepts: ["at-uri", "did"]) }),
            (
                "owner_field",
                { () throws(RuleError) in try Self.rule(owner: "project-record-field", field: "owners[*]") }
            ),
        ]
        for mistake in mistakes {
            #expect { try mistake.make() } throws: { ($0 as? RuleError)?.key == mistake.key }
        }
    }

    @Test func `the owner's fields in the change request are never believed (invariant 6)`() throws {
        let rule = try Self.rule()
        let record: JSONValue = ["repo": .string(Self.project), "owner": "did:plc:victimaaaaaaaaaaaaaaaaaa"]
        let references = try rule.references(in: record).get()
        #expect(references.map { rule.apparentOwner(of: $0) } == [World.did("owneraaaaaaaaaaaaaaaaaaa")])
    }
}
