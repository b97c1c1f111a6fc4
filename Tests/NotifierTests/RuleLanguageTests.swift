import ATProtocol
import Firehose
import LedgerStorage
import Network
import Synchronization
import Templates
import TestSupport
import Testing

@testable import Notifier

/// What rules say beyond one reference to one project: conditions, arrays, hops, namespaces, and which rule counts.
@Suite(.timeLimit(.minutes(2))) struct `The rule language` {
    private static let conditions: [(condition: (String, Condition.Test), record: JSONValue, holds: Bool)] = [
        (("a", .isOneOf([false])), ["a": false], true),
        (("a", .isOneOf([false])), ["a": true], false),
        (("a", .isOneOf([false])), ["a": "false"], false),
        (("a", .isOneOf(["false"])), ["a": false], false),
        (("a", .isOneOf([false])), [:], false),
        (("a", .isOneOf([7, 8])), ["a": 8], true),
        (("a", .isOneOf([7, 8])), ["a": "8"], false),
        (("a.b", .isOneOf(["x"])), ["a": ["b": "x"]], true),
        (("a[*].b", .isOneOf(["x"])), ["a": [["b": "y"], ["b": "x"]]], true),
        (("a[0].b", .isOneOf(["x"])), ["a": [["b": "y"], ["b": "x"]]], false),
        (("a", .exists), ["a": [:]], true),
        (("a", .exists), ["a": .null], false),
        (("a", .isAbsent), ["b": 1], true),
        (("a", .isAbsent), ["a": 0], false),
    ]

    @Test(arguments: conditions.indices) func `a condition holds or not`(index: Int) throws {
        let (condition, record, holds) = Self.conditions[index]
        #expect(Condition(path: try FieldPath(condition.0), test: condition.1).holds(for: record) == holds)
    }

    @Test func `the first rule in order counts whose conditions hold, whatever becomes of the reference`() throws {
        var special = RuleSamples.text(["nowhere"])
        special.name = "special"
        special.conditions = [("kind", .isOneOf(["special"]))]
        let rules = [try Rule(special), try Rule(RuleSamples.text())]
        var classifier = EventClassifier(NotifierConfiguration(rules: rules), sender: nil)
        for (kind, rule, reason) in [("special", "special", Reason.referenceMissing), ("usual", "issues", nil)] {
            let record = RuleSamples.subjects([RuleSamples.uri(RuleSamples.owners[0])], ["kind": .string(kind)])
            guard case .request(let request) = classifier.classify(try Self.event(record), now: 1_790_000_000) else {
                Issue.record("no request")
                continue
            }
            #expect(request.rule == rule)
            #expect(request.refusal?.reason == reason)
        }
    }

    @Test func `a rule that can never count is named`() throws {
        var (wide, narrow) = (RuleSamples.text(), RuleSamples.text())
        (wide.name, wide.collections) = ("wide", ["com.example.change.*"])
        narrow.conditions = [("kind", .exists)]
        var configuration = NotifierConfiguration(rules: [try Rule(wide), try Rule(narrow)])
        #expect(configuration.shadowedRules.map(\.rule) == ["issues"])
        configuration.rules = [try Rule(narrow), try Rule(wide)]
        #expect(configuration.shadowedRules.isEmpty)
    }

    // MARK: arrays

    @Test func `every element of an array is a reference, each owner counts once, and the cap says what it cut`() throws
    {
        var text = RuleSamples.text()
        text.maximumProjects = 2
        let rule = try Rule(text)
        let uris = (0..<9).map { RuleSamples.uri(RuleSamples.owners[$0 % 3], key: "p\($0)") }
        let all = try rule.references(in: RuleSamples.subjects(uris)).get()
        #expect(all.count == 9)
        let (selected, leftOut) = rule.selection(of: all)
        #expect(selected.map(\.description) == [uris[0], uris[1], uris[3], uris[4], uris[6], uris[7]] && leftOut == 1)
        // What is not acceptable is left out, as long as something is.
        let mixed = RuleSamples.subjects(["nonsense", uris[0]])
        #expect(try rule.references(in: mixed).get().map(\.description) == [uris[0]])
    }

    @Test func `an array without its brackets is refused with that advice, and a template shows its elements`() throws {
        guard
            case .failure(let refusal) = try Rule(RuleSamples.text(["subjects"])).references(
                in: RuleSamples.subjects(["x"])
            )
        else {
            Issue.record("an array was taken for a reference")
            return
        }
        #expect(refusal.reason == .referenceKindRefused && refusal.detail.contains("subjects[*]"))
        let change = ChangeRequest(
            uri: try ATURI("at://\(World.author)/com.example.change.request/k"),
            author: World.author,
            authorName: nil,
            record: ["topics": ["one", "two"], "rounds": [[:], [:]], "done": true],
            reference: .account(World.owner),
            rule: "issues",
            owner: World.owner,
            projectName: nil
        )
        func shown(_ path: String) throws -> String {
            try Template("“{{record.\(path)}}”").render { change.value(of: $0) }
        }
        #expect(try shown("topics") == "“one, two”")
        #expect(try shown("topics[*]") == "“one, two”")
        #expect(try shown("topics[1]") == "“two”")
        #expect(try shown("rounds") == "“2 entries”")
        #expect(try shown("done") == "“true”")
    }

    @Test func `each owner of several projects is told once, of their own`() async throws {
        var world = try World()
        world.configuration.rules = [try Rule(RuleSamples.text())]
        let record = RuleSamples.subjects(
            RuleSamples.owners.map { RuleSamples.uri($0, key: "p\($0.text.suffix(5))") } + [
                RuleSamples.uri(RuleSamples.owners[0])
            ]
        )
        try await world.run([World.batch(try Self.event(record))]) { $0[.delivered] == 3 }
        #expect(Set(world.chat.messages.map(\.owner)) == Set(RuleSamples.owners))
        #expect(world.chat.messages.count == 3)
        let jobs = try await world.jobs()
        #expect(jobs.allSatisfy { job in job.project?.description.contains(job.owner?.text ?? "?") == true })
    }

    // MARK: conditions and what waits

    @Test
    func `an update that takes a record out of its rule calls off what waits, and one that brings it back tells it`()
        async throws
    {
        var world = try World()
        var text = RuleSamples.text()
        text.conditions = [("state", .isOneOf(["open"]))]
        world.configuration.rules = [try Rule(text)]
        world.configuration.policy.recipients = .followers
        let uris = [RuleSamples.uri(RuleSamples.owners[0])]
        let open = RuleSamples.subjects(uris, ["state": "open"])
        try await world.run([World.batch(try Self.event(open))]) { $0[.deferred] == 1 }
        let closed = try Self.event(RuleSamples.subjects(uris, ["state": "closed"]), .update, number: 2)
        try await world.run([World.batch(closed)]) { $0[.dropped] == 1 }
        #expect(try await world.jobs().map(\.reason) == [.conditionUnmet])
        world.configuration.policy.recipients = .anyone
        try await world.run([World.batch(try Self.event(open, .update, number: 3))]) { $0[.delivered] == 1 }
        #expect(world.chat.messages.count == 1)
    }

    @Test func `what never fulfilled a condition leaves no trace`() async throws {
        var world = try World()
        var text = RuleSamples.text()
        text.conditions = [("state", .exists)]
        world.configuration.rules = [try Rule(text)]
        try await world.run([
            World.batch(try Self.event(RuleSamples.subjects([RuleSamples.uri(RuleSamples.owners[0])])))
        ]) { $0.isEmpty }
        #expect(try await world.jobs().isEmpty)
    }

    @Test func `a namespace covers its collections and no other`() throws {
        var text = RuleSamples.text()
        text.collections = ["com.example.*"]
        let rule = try Rule(text)
        #expect(rule.covers(NSID(known: "com.example.change.request")) && rule.covers(NSID(known: "com.example.other")))
        #expect(!rule.covers(NSID(known: "com.examples.other")))
        text.exceptions = ["com.example.other", "com.example.noise.*"]
        let choosy = try Rule(text)
        #expect(choosy.covers(NSID(known: "com.example.change.request")))
        #expect(!choosy.covers(NSID(known: "com.example.other")) && !choosy.covers(NSID(known: "com.example.noise.x")))
    }

    private static func event(
        _ record: JSONValue,
        _ operation: StreamEvent.Commit.Operation = .create,
        number: Int = 1
    ) throws -> StreamEvent {
        var event = try World.event(1, operation: operation, rev: number)
        guard case .commit(var commit) = event.body else { return event }
        (commit.record, commit.cid) = (record, "cid-\(number)")
        event.body = .commit(commit)
        return event
    }
}
