import ATProtocol
import TestSupport
import Testing

@testable import Notifier

/// How a rule says who is told.
@Suite struct `Whom a rule tells` {
    private static func mistakes(_ change: (inout RuleText) -> Void) -> [String] {
        var text = RuleSamples.text(["subject"])
        change(&text)
        return Rule.reading(text).mistakes.map(\.description)
    }

    private static func collaborators(_ change: (inout RuleText.Collaborators) -> Void = { _ in })
        -> RuleText.Collaborators
    {
        var text = RuleText.Collaborators(references: .init(["repo"]))
        text.grants = ["com.example.collaborator"]
        change(&text)
        return text
    }

    @Test func `is the owner when nothing else is said`() throws {
        let rule = try Rule(RuleSamples.text())
        #expect(rule.recipients == [.owner] && rule.tellsOwnersOnly)
        #expect(rule.collaborators == nil && rule.subscribers == nil && rule.subscriberCollections.isEmpty)
    }

    @Test func `is read with all that it needs`() throws {
        var text = RuleSamples.text()
        text.tell = ["owner", "collaborators", "subscribers"]
        text.collaborators = Self.collaborators {
            $0.query = "https://index.example.com/x?project={{reference}}"
            $0.people = "items[*].subject"
            $0.acceptances = ["com.example.acceptance"]
        }
        text.subscribers = .init(collections: ["com.example.subscription"], references: .init(["subject"]))
        let rule = try Rule(text)
        #expect(rule.recipients == Set(RecipientRole.allCases) && !rule.tellsOwnersOnly)
        let asked = (rule.confirmingCollections + rule.subscriberCollections).map(\.text)
        #expect(asked == ["com.example.collaborator", "com.example.acceptance", "com.example.subscription"])
        #expect(rule.indexAddresses.map(\.key) == ["collaborators.query"])
    }

    private static let wrong: [(name: String, change: @Sendable (inout RuleText) -> Void, words: String)] = [
        ("nobody", { $0.tell = [] }, "tell: must not be empty"),
        ("a stranger", { $0.tell = ["owners"] }, "'owners' is none of owner, collaborators, subscribers"),
        (
            "collaborators without a word on where", { $0.tell = ["collaborators"] },
            "collaborators: says where they stand"
        ),
        ("subscribers without", { $0.tell = ["owner", "subscribers"] }, "subscribers: says where they stand"),
        (
            "collaborators who are not told", { $0.collaborators = collaborators() },
            "collaborators: has a meaning only when tell names collaborators"
        ),
        (
            "collaborators whom nothing confirms",
            {
                $0.tell = ["collaborators"]
                $0.collaborators = collaborators { $0.grants = [] }
            }, "which records confirm them"
        ),
        (
            "an index that only they confirm, without one",
            {
                $0.tell = ["collaborators"]
                $0.collaborators = collaborators { ($0.grants, $0.acceptances) = ([], ["com.example.acceptance"]) }
            }, "which records confirm them"
        ),
        (
            "an index without a path",
            {
                $0.tell = ["collaborators"]
                $0.collaborators = collaborators { $0.query = "https://index.example.com/x?project={{reference}}" }
            }, "both or none"
        ),
        (
            "a query without a place",
            {
                $0.tell = ["collaborators"]
                $0.collaborators = collaborators { ($0.query, $0.people) = ("https://index.example.com/x", "people") }
            }, "its query has no {{reference}}"
        ),
        (
            "a namespace, which nobody can list",
            {
                $0.tell = ["collaborators"]
                $0.collaborators = collaborators { $0.grants = ["com.example.*"] }
            }, "is not a valid"
        ),
        (
            "subscribers by no collection",
            {
                $0.tell = ["subscribers"]
                $0.subscribers = .init(collections: [], references: .init(["subject"]))
            }, "needs the collections"
        ),
        (
            "subscribers to nothing",
            {
                $0.tell = ["subscribers"]
                $0.subscribers = .init(collections: ["com.example.subscription"], references: .init([]))
            }, "needs reference_paths"
        ),
    ]

    @Test(arguments: wrong.indices) func `is refused with what is wrong`(index: Int) {
        let (name, change, words) = Self.wrong[index]
        let mistakes = Self.mistakes(change)
        #expect(mistakes.contains { $0.contains(words) }, "\(name): \(mistakes)")
    }

    @Test func `is a subscription in each of its forms, and to the collections that it names`() throws {
        let source = SubscriberSource(
            collections: [try NSID("com.example.subscription")],
            subjects: ReferenceReader(paths: [try FieldPath("subject")], accepts: [.union, .atURI]),
            onlyPath: try FieldPath("collections")
        )
        let did = "did:plc:repoaaaaaaaaaaaaaaaaaaaa"
        let uri = "at://\(World.owner)/com.example.project/p1"
        func subjects(_ subject: JSONValue) -> [String] {
            source.subjects(of: ["subject": subject]).map(\.description)
        }
        #expect(subjects(["$type": "com.example#repo", "did": .string(did)]) == [did])
        #expect(subjects(["$type": "com.example#uri", "uri": .string(uri)]) == [uri])
        #expect(subjects(.string(uri)) == [uri])
        #expect(subjects(["did": .string(did)]) == [] && subjects(.string(did)) == [] && subjects(.null) == [])
        #expect(source.wanted(of: [:]) == nil && source.wanted(of: ["collections": []]) == nil)
        #expect(source.wanted(of: ["collections": ["com.example.a", 7]])?.map(\.text) == ["com.example.a"])
        #expect(source.wanted(of: ["collections": ["no name"]]) == [])
    }
}
