import ATProtocol
import Network
import Synchronization
import TestSupport
import Testing

@testable import Notifier

/// From a record over others to a project and its owner, and how far that goes.
@Suite struct `From a record to its project` {
    @Test func `a comment is followed through its issue to the project, and a circle is none`() async throws {
        var text = RuleSamples.text(["issue"])
        text.hops = [
            (["com.example.issue"], .init(["repo", "parent"])), (["com.example.issue"], .init(["repo", "parent"])),
        ]
        let rule = try Rule(text)
        let issue = RuleSamples.uri(World.author, "com.example.issue", key: "i1")
        let parent = RuleSamples.uri(World.author, "com.example.issue", key: "i2")
        let records: [String: JSONValue] = [
            issue: ["repo": .string(RuleSamples.uri(RuleSamples.owners[1]))], parent: ["parent": .string(parent)],
            RuleSamples.uri(RuleSamples.owners[1]): ["name": "Windmill"],
        ]
        let request = try ATURI(RuleSamples.uri(World.author, "com.example.change.request", key: "c1"))
        for (start, owner, reason) in [(issue, RuleSamples.owners[1], Reason?.none), (parent, nil, .referenceCircular)]
        {
            let lookup = OwnerLookup.over(records)
            let references = try rule.references(in: ["issue": .string(start)]).get()
            let finding = try #require(
                await lookup.find(references, of: request, rule: rule, isFresh: false).first
            )
            #expect(finding.owner == owner)
            #expect(finding.failure.map { classify($0.phase, $0.cause).reason } == reason)
        }
        text.hops += text.hops
        #expect(throws: RuleError.self) { try Rule(text) }
    }

    @Test func `a hop that a record does not need is skipped, and what is left on the way is no project`() async throws
    {
        var text = RuleSamples.text(["subject"])
        text.hops = [
            (["com.example.comment"], .init(["subject"])), (["com.example.comment"], .init(["subject"])),
            (["com.example.issue"], .init(["repo"])),
        ]
        text.projectCollections = []
        let rule = try Rule(text)
        func uri(_ kind: String, _ key: String) -> String {
            RuleSamples.uri(World.author, "com.example.\(kind)", key: key)
        }
        let records: [String: JSONValue] = [
            uri("issue", "i"): ["repo": .string(RuleSamples.uri(RuleSamples.owners[1]))],
            RuleSamples.uri(RuleSamples.owners[1]): ["name": "Windmill"],
            uri("comment", "c1"): ["subject": .string(uri("issue", "i"))],
            uri("comment", "c2"): ["subject": .string(uri("comment", "c1"))],
            uri("comment", "c3"): ["subject": .string(uri("comment", "c2"))],
        ]
        let request = try ATURI(uri("change.request", "r"))
        for (start, owner) in [
            (uri("issue", "i"), RuleSamples.owners[1]), (uri("comment", "c1"), RuleSamples.owners[1]),
            (uri("comment", "c2"), RuleSamples.owners[1]), (uri("comment", "c3"), nil),
        ] {
            let references = try rule.references(in: ["subject": .string(start)]).get()
            let finding = try #require(
                await OwnerLookup.over(records).find(references, of: request, rule: rule, isFresh: false).first
            )
            #expect(finding.owner == owner, "\(start)")
            let reason = finding.failure.map { classify($0.phase, $0.cause).reason }
            #expect(
                reason == (owner == nil ? .projectCollectionUnexpected : nil),
                "\(start): \(String(describing: reason))"
            )
        }
    }

    @Test func `a project of the author's own does not say who is told (invariant 6)`() async throws {
        var text = RuleSamples.text(["subject"])
        (text.ownerFrom, text.ownerField) = ("project-record-field", "maintainer")
        let rule = try Rule(text)
        let request = try ATURI(RuleSamples.uri(World.author, "com.example.change.request", key: "r"))
        for (holder, reason) in [(World.author, Reason?.some(.authorIsOwner)), (RuleSamples.owners[0], nil)] {
            let project = RuleSamples.uri(holder)
            let records: [String: JSONValue] = [project: ["maintainer": .string(RuleSamples.owners[1].text)]]
            let references = try rule.references(in: ["subject": .string(project)]).get()
            let finding = try #require(
                await OwnerLookup.over(records).find(references, of: request, rule: rule, isFresh: false).first
            )
            #expect(finding.failure.map { classify($0.phase, $0.cause).reason } == reason)
            #expect(finding.owner == (reason == nil ? RuleSamples.owners[1] : nil))
        }
    }

    @Test func `however far references branch out, no more ends are looked into than the rule takes projects`()
        async throws
    {
        var text = RuleSamples.text(["issues[*]"])
        text.maximumProjects = 5
        text.hops = (0..<3).map { (["com.example.hop\($0)"], .init(["next[*]"])) }
        let rule = try Rule(text)
        func uris(_ hop: Int) -> [String] {
            (0..<40).map {
                RuleSamples.uri(World.author, hop < 3 ? "com.example.hop\(hop)" : "com.example.project", key: "\($0)")
            }
        }
        var records: [String: JSONValue] = [:]
        for hop in 0..<3 {
            let next = JSONValue.array(uris(hop + 1).map { .string($0) })
            for uri in uris(hop) { records[uri] = ["next": next] }
        }
        let asked = Mutex(0)
        let lookup = OwnerLookup.over(records) { asked.withLock { $0 += 1 } }
        let request = try ATURI(RuleSamples.uri(World.author, "com.example.change.request", key: "c1"))
        let references = try rule.references(in: ["issues": .array(uris(0).map { .string($0) })]).get()
        let findings = await lookup.find(references, of: request, rule: rule, isFresh: true)
        let reasons = findings.compactMap { finding in finding.failure.map { classify($0.phase, $0.cause).reason } }
        #expect(reasons.contains(.projectsAboveLimit))
        // A record of each hop for each end, and two questions about each project, which does not exist.
        #expect(asked.withLock { $0 } <= 5 * 2 * (3 + 2), "\(asked.withLock { $0 })")
    }

    @Test func `no more owners are named than the rule takes projects, however they are come to`() async throws {
        var text = RuleSamples.text(["issue"])
        text.maximumProjects = 2
        text.hops = [(["com.example.issue"], .init(["repos[*]"]))]
        let rule = try Rule(text)
        let issues = ["i1", "i2"].map { RuleSamples.uri(World.author, "com.example.issue", key: $0) }
        let owners = ["a", "b", "c", "d"].map { World.did("many\($0)") }
        var records = Dictionary(uniqueKeysWithValues: owners.map { (RuleSamples.uri($0), JSONValue.object([:])) })
        for (issue, pair) in zip(issues, [owners.prefix(2), owners.suffix(2)]) {
            records[issue] = ["repos": .array(pair.map { .string(RuleSamples.uri($0)) })]
        }
        let request = try ATURI(RuleSamples.uri(World.author, "com.example.change.request", key: "c1"))
        let findings = await OwnerLookup.over(records).find(
            try issues.map { .record(try ATURI($0)) },
            of: request,
            rule: rule,
            isFresh: false
        )
        #expect(findings.compactMap(\.owner) == Array(owners.prefix(2)))
        #expect(
            findings.compactMap { finding in finding.failure.map { classify($0.phase, $0.cause).reason } }
                == [.projectsAboveLimit]
        )
    }

    @Test func `an owner is told of their second project when the first is no more`() async throws {
        let rule = try Rule(RuleSamples.text())
        let request = try ATURI(RuleSamples.uri(World.author, "com.example.change.request", key: "c1"))
        let uris = ["gone", "alive", "other"].map { RuleSamples.uri(RuleSamples.owners[0], key: $0) }
        let lookup = OwnerLookup.over([uris[1]: ["name": "Alive"], uris[2]: ["name": "Other"]])
        let (references, leftOut) = rule.selection(of: try rule.references(in: RuleSamples.subjects(uris)).get())
        let findings = await lookup.find(references, of: request, rule: rule, isFresh: false)
        #expect(leftOut == 0 && findings.map(\.projectName) == [nil, "Alive"])
    }

    @Test func `what a large record on the way refers to is found`() async throws {
        var text = RuleSamples.text(["subject"])
        text.hops = [(["com.example.pull"], .init(["target.repo"]))]
        let rule = try Rule(text)
        let pull = RuleSamples.uri(World.author, "com.example.pull", key: "p")
        let round: JSONValue = ["patch": .string(String(repeating: "x", count: 600))]
        let records: [String: JSONValue] = [
            pull: [
                "rounds": .array(Array(repeating: round, count: 100)),
                "target": ["repo": .string(RuleSamples.uri(RuleSamples.owners[1]))],
            ],
            RuleSamples.uri(RuleSamples.owners[1]): ["name": "Windmill"],
        ]
        let request = try ATURI(RuleSamples.uri(World.author, "com.example.change.request", key: "c1"))
        for _ in 0..<2 {
            let findings = await OwnerLookup.over(records).find(
                [.record(try ATURI(pull))],
                of: request,
                rule: rule,
                isFresh: false
            )
            #expect(findings.map(\.owner) == [RuleSamples.owners[1]])
        }
    }

    @Test func `a group's project is nobody's who reads a chat`() async throws {
        var text = RuleSamples.text()
        text.groupCollections = ["com.example.group.*"]
        let rule = try Rule(text)
        let project = RuleSamples.uri(RuleSamples.owners[0])
        var records: [String: JSONValue] = [project: ["name": "Windmill"]]
        let request = try ATURI(RuleSamples.uri(World.author, "com.example.change.request", key: "c1"))
        let references = try rule.references(in: RuleSamples.subjects([project])).get()
        let person = await OwnerLookup.over(records).find(references, of: request, rule: rule, isFresh: false)
        #expect(person.map(\.owner) == [RuleSamples.owners[0]])
        records[RuleSamples.uri(RuleSamples.owners[0], "com.example.group.member", key: "m")] = [:]
        let group = await OwnerLookup.over(records).find(references, of: request, rule: rule, isFresh: false)
        #expect(group.map(\.owner) == [nil])
        #expect(group.first?.failure.map { classify($0.phase, $0.cause).reason } == .ownerIsNoPerson)
        // Also when the project's record cannot be read, which would be waited for otherwise.
        records[project] = nil
        let unread = await OwnerLookup.over(records).find(references, of: request, rule: rule, isFresh: false)
        #expect(unread.map(\.owner) == [nil])
        #expect(unread.first?.failure.map { classify($0.phase, $0.cause).reason } == .ownerIsNoPerson)
    }
}
