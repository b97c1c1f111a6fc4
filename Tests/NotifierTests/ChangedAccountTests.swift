import ATProtocol
import Firehose
import Network
import TestSupport
import Testing

@testable import Notifier

/// An account that is another now than it is remembered: its handle, its PDS, its records.
@Suite(.timeLimit(.minutes(1))) struct `An account that changed` {
    @Test func `is forgotten before what the stream brings next is looked up`() async throws {
        let world = try World()
        let request = try World.event(3, at: world.clock)
        let rev = TID(microseconds: UInt64(world.clock.now().microseconds), clock: 1).text
        func event(_ did: DID, _ body: StreamEvent.Body) -> StreamEvent {
            StreamEvent(position: request.position, did: did, body: body)
        }
        try await world.run([
            World.batch([
                event(World.owner, .identity(handle: nil)), event(World.author, .account(isActive: true, status: nil)),
                event(World.did("other"), .sync(rev: rev)), request,
            ])
        ])
        #expect(world.identities.purged == [World.owner, World.author])
    }

    @Test func `is asked for anew, and so are its records, when the stream tells of it`() async throws {
        let world = MovingWorld()
        let lookup = try world.lookup()
        #expect(try await world.find(by: lookup).finding.projectName == "old.test")
        world.set { $0.pds = "https://new.test" }
        await lookup.forget(.account(World.did("other")))
        #expect(try await world.find(by: lookup).finding.projectName == "old.test")
        #expect(world.count("old.test") == 1 && world.count("plc.directory") == 1)
        await lookup.forget(.account(World.owner))
        #expect(try await world.find(by: lookup).finding.projectName == "new.test")
    }

    @Test(arguments: ["https://old.test:8443", "http://old.test", "https://old.test/xrpc"])
    func `has an owner who is told all the same when nobody goes to its PDS`(pds: String) async throws {
        let world = try World()
        world.identities.move(to: pds)
        try await world.run([World.batch(try World.event(at: world.clock))])
        #expect(world.chat.messages.map(\.owner) == [World.owner])
        #expect(world.chat.messages.first?.text.contains("Project p1") == false)
        #expect(!world.http.requests.contains { $0.url.host == "old.test" })
    }

    @Test func `a PDS to which nobody goes leaves only the owner known, and whether they are a group unknown`()
        async throws
    {
        var text = RuleText(
            name: "r",
            collections: ["com.example.request"],
            references: .init(["subject"], accepts: ["at-uri"]),
            message: "hello"
        )
        text.groupCollections = ["com.example.group"]
        let (groups, world) = (try Rule(text), MovingWorld())
        world.set { $0.pds = "https://old.test:8443" }
        for rule in [groups, try Rules.rule()] {
            let (finding, reason) = try await world.find(by: world.lookup(), rule: rule)
            #expect(finding.owner == World.owner && reason == .hostRefused)
            let verdict = try #require(finding.failure?.verdict)
            #expect(rule.goesWithoutRecord(.project, verdict, isPatienceOver: false))
        }
        let field = try Rules.rule(owner: "project-record-field", field: "maintainer")
        let (finding, reason) = try await world.find(by: world.lookup(), rule: field)
        #expect(finding.owner == nil && reason == .hostRefused)
        #expect(world.count("old.test") == 0)
    }

    private static func answer(_ status: Int, _ body: JSONValue) -> ScriptedClient.Answer {
        .json(body, status: status)
    }

    private static let missing = answer(400, ["error": "RecordNotFound", "message": "Could not locate record: at://x"])
    private static let lost = HTTPError(
        code: .timeout,
        origin: "https://old.test",
        detail: "",
        mayHaveBeenSent: true
    )

    static let departures:
        [(name: String, record: ScriptedClient.Answer, state: ScriptedClient.Answer, reason: Reason)] = [
            (
                "deactivated", missing, answer(200, ["active": false, "status": "deactivated"]), .repositoryInactive
            ),
            ("taken down", missing, answer(200, ["active": false, "status": "takendown"]), .repositoryGone),
            ("deleted", missing, answer(200, ["active": false, "status": "deleted"]), .repositoryGone),
            ("unknown", missing, answer(400, ["error": "RepoNotFound"]), .repositoryNotFound),
            ("unknown at once", answer(400, ["error": "RepoNotFound"]), missing, .repositoryNotFound),
            ("not there", .failure(lost), missing, .projectUnavailable),
            ("broken", answer(502, "x"), missing, .projectUnavailable),
            ("silent about its state", missing, answer(503, "x"), .projectUnavailable),
        ]

    @Test(arguments: departures) func `is looked for where its document says before its old PDS is believed`(
        name: String,
        record: ScriptedClient.Answer,
        state: ScriptedClient.Answer,
        reason: Reason
    ) async throws {
        let world = MovingWorld()
        let lookup = try world.lookup()
        // The document is remembered, the record is not.
        _ = try await lookup.records.home(of: World.owner, isFresh: false)
        world.set { ($0.records["old.test"], $0.states["old.test"]) = (record, state) }
        // It is still there: the document says the same, and nobody is asked twice.
        let before = try await world.find(by: lookup)
        #expect(before.reason == reason && before.finding.owner == World.owner, "\(name)")
        #expect(world.count("plc.directory") == 2 && world.count("old.test") <= 2)
        world.set { $0.pds = "https://new.test" }
        let moved = try await world.find(by: lookup)
        #expect(moved.reason == nil && moved.finding.projectName == "new.test", "\(name)")
        #expect(world.count("plc.directory") == 3)
    }

    @Test func `is not given up while nobody can say where it is`() async throws {
        for (name, record, state, reason) in Self.departures {
            let world = MovingWorld()
            let lookup = try world.lookup()
            _ = try await lookup.records.home(of: World.owner, isFresh: false)
            world.set { ($0.records["old.test"], $0.states["old.test"], $0.pds) = (record, state, nil) }
            let isFinal = reason == .repositoryGone
            #expect(try await world.find(by: lookup).reason == (isFinal ? .identityUnavailable : reason), "\(name)")
        }
    }

    @Test func `is not asked for anew when it was just asked for, or has no such project`() async throws {
        let world = MovingWorld()
        world.set { $0.records["old.test"] = Self.missing }
        #expect(try await world.find(by: world.lookup()).reason == .projectNotFound)
        #expect(world.count("plc.directory") == 1)
        world.set { $0.states["old.test"] = .json(["active": false, "status": "deactivated"]) }
        #expect(try await world.find(by: world.lookup(), isFresh: true).reason == .repositoryInactive)
        #expect(world.count("plc.directory") == 2)
    }

    @Test(arguments: ["RepoDeactivated", "RepoTakendown", "RepoSuspended", "RepoNotFound", "InternalServerError"])
    func `proves its requests where its document says`(error: String) async throws {
        let world = MovingWorld()
        let prover = try world.prover()
        _ = try await prover.identities.document(of: World.author, isFresh: false)
        let status = error == "InternalServerError" ? 500 : 400
        world.set { $0.records["old.test"] = .json(["error": .string(error)], status: status) }
        world.set { $0.records["new.test"] = .json(["error": "RecordNotFound"], status: 400) }
        let uri = ATURI(World.author, NSID(known: "com.example.request"), try RecordKey("r"))
        await #expect(throws: CallError.self) { try await prover.prove(uri, of: World.author) }
        #expect(world.count("plc.directory") == 2 && world.count("old.test") == 1)
        world.set { $0.pds = "https://new.test" }
        let failure = await #expect(throws: CallError.self) { try await prover.prove(uri, of: World.author) }
        #expect(world.count("new.test") == 1)
        #expect(failure.map { classify(.proof, $0).reason } == .recordNotFound)
    }

    @Test func `what is read of it meanwhile is not remembered`() throws {
        var memory = RecordMemory<String, Int>(capacity: 2, lifetime: .seconds(10))
        func value(_ key: String, at now: UnixTime = 0) -> Int? { memory.value(of: key, by: World.owner, at: now) }
        memory.begin("a", by: World.owner)
        memory.begin("a", by: World.owner)
        let before = memory.changes(of: "a", by: World.owner)
        memory.forget(World.owner)
        memory.store(1, of: "a", by: World.owner, unlessChangedSince: before, at: 0)
        #expect(value("a") == nil)
        memory.end("a", by: World.owner)
        memory.store(2, of: "a", by: World.owner, unlessChangedSince: before + 1, at: 0)
        memory.end("a", by: World.owner)
        #expect(value("a") == 2 && value("a", at: 11) == nil)
        for (number, did) in [World.author, World.did("other")].enumerated() {
            memory.begin("b", by: did)
            memory.store(number, of: "b", by: did, unlessChangedSince: 0, at: 0)
            memory.end("b", by: did)
        }
        // There was no room for a third.
        #expect(value("a") == nil && memory.value(of: "b", by: World.did("other"), at: 0) == 1)
    }
}
