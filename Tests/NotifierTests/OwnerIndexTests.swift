import ATProtocol
import Firehose
import Network
import Synchronization
import TestSupport
import Testing

@testable import Notifier

/// Whose project a reference means that only an index knows: nobody is believed whose own record does not confirm it.
@Suite struct `An owner by index` {
    private static let project = "did:plc:projectaaaaaaaaaaaaaaaaa"
    private static let record = "at://\(World.owner)/com.example.project/p1"
    private static let claim = "at://\(World.did("other"))/com.example.project/p2"

    /// An index, and the records that accounts hold.
    private final class Servers: Sendable {
        struct State {
            var status = 200
            var answer = #"{"uri":"\#(record)"}"#
            var failure: HTTPError?
            var records: [String: String] = [record: project]
            var recordPath = "uri"
            /// Told of each record that is read, before the answer arrives.
            var isRead: (@Sendable (String) -> Void)?
        }

        let state = Mutex(State())
        let confirmations = PassingConfirmations()
        let clock = ManualClock()
        let questions = Mutex(0)

        func set(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

        func answer(_ request: HTTPRequest) -> Result<HTTPResponse, HTTPError> {
            let state = state.withLock { $0 }
            func answer(_ status: Int, _ body: String) -> Result<HTTPResponse, HTTPError> {
                .success(HTTPResponse(status: status, body: Array(body.utf8)))
            }
            if request.url.host == "index.example.com" {
                questions.withLock { $0 += 1 }
                return state.failure.map(Result.failure) ?? answer(state.status, state.answer)
            }
            if request.url.path.hasSuffix("getRepoStatus") { return answer(200, #"{"active":true}"#) }
            func item(_ name: String) -> String { request.url.value(of: name) ?? "" }
            let place = "at://\(item("repo"))/\(item("collection"))/"
            func value(_ project: String) -> String {
                #"{"$type":"com.example.project","projectDid":"\#(project)","name":"Windmill"}"#
            }
            if request.url.path.hasSuffix("listRecords") {
                let held = state.records.filter { $0.key.hasPrefix(place) }.map {
                    #"{"uri":"\#($0.key)","cid":"c","value":\#(value($0.value))}"#
                }
                return answer(200, #"{"records":[\#(held.joined(separator: ","))]}"#)
            }
            let uri = place + item("rkey")
            defer { state.isRead?(uri) }
            guard let project = state.records[uri] else { return answer(400, #"{"error":"RecordNotFound"}"#) }
            return answer(200, #"{"uri":"\#(uri)","value":\#(value(project))}"#)
        }

        /// A look-up that remembers nothing but confirmations.
        func lookup(_ confirmations: (any Confirmations)? = nil) -> OwnerLookup {
            let http = ScriptedClient { self.answer($0) }
            return OwnerLookup(
                configuration: LookupConfiguration(),
                identities: FixedIdentities(),
                strangers: GuardedClient(configuration: LookupConfiguration(), http: http, clock: clock),
                confirmations: confirmations ?? self.confirmations,
                wallClock: clock
            )
        }

        func find(
            isFresh: Bool = false,
            by lookup: OwnerLookup? = nil
        ) async throws -> (finding: OwnerLookup.Finding, reason: Reason?) {
            let lookup = lookup ?? self.lookup()
            let request = ATURI(World.author, NSID(known: "com.example.request"), try RecordKey("r"))
            let references = [ProjectReference.account(try DID(project))]
            let findings = await lookup.find(
                references,
                of: request,
                rule: try rule(state.withLock(\.recordPath)),
                isFresh: isFresh
            )
            let finding = try #require(findings.first)
            return (finding, finding.failure.map { classify($0.phase, $0.cause).reason })
        }
    }

    private static func rule(_ recordPath: String) throws -> Rule {
        var text = RuleText(
            name: "indexed",
            collections: ["com.example.request"],
            references: .init(["project"], accepts: ["did", "at-uri"]),
            message: "hello"
        )
        text.projectCollections = ["com.example.project"]
        text.ownerFrom = "index"
        text.index = .init(
            query: "https://index.example.com/owner?project={{reference}}",
            recordPath: recordPath,
            confirmingPath: "projectDid"
        )
        return try Rule(text)
    }

    @Test func `is whoever's own record confirms it`() async throws {
        let (finding, reason) = try await Servers().find()
        #expect(reason == nil && finding.owner == World.owner && finding.projectName == "Windmill")
        #expect(finding.project?.description == Self.record)
    }

    private static let lies: [(name: String, change: @Sendable (inout Servers.State) -> Void, reason: Reason)] = [
        (
            "it names another project's record", { $0.records = [record: "did:plc:anotheraaaaaaaaaaaaaaaaa"] },
            .ownerUnconfirmed
        ),
        ("the record is gone", { $0.records = [:] }, .ownerUnconfirmed),
        (
            "a record that is no project's", { $0.answer = #"{"uri":"at://\#(World.owner)/com.example.other/p"}"# },
            .ownerUnconfirmed
        ),
        ("it knows nothing", { ($0.status, $0.answer) = (404, #"{"error":"RecordNotFound"}"#) }, .indexUnknown),
        ("it answers without a record", { $0.answer = "{}" }, .indexUnknown),
        ("it fails", { ($0.status, $0.answer) = (500, "") }, .indexUnavailable),
        ("a page that says 404", { ($0.status, $0.answer) = (404, "<html>") }, .indexUnavailable),
        (
            "so many records that one may be hidden",
            { state in
                let claims = (0..<21).map { #"{"uri":"\#(claim)\#($0)"}"# } + [#"{"uri":"\#(record)"}"#]
                state.answer = #"[\#(claims.joined(separator: ","))]"#
                state.recordPath = "[*].uri"
            }, .ownerAmbiguous
        ),
        ("a page instead of an answer", { $0.answer = "<html>" }, .indexUnavailable),
        ("a redirect", { $0.status = 302 }, .indexUnavailable),
        ("too many questions", { $0.status = 429 }, .indexUnavailable),
        ("no URI", { $0.answer = #"{"uri":"did:plc:x"}"# }, .indexUnavailable),
        (
            "an answer without end",
            {
                $0.failure = HTTPError(
                    code: .tooLarge,
                    origin: "https://index.example.com",
                    detail: "",
                    mayHaveBeenSent: true
                )
            },
            .indexUnavailable
        ),
    ]

    @Test(arguments: lies.indices) func `is nobody when the index lies or is ill`(index: Int) async throws {
        let (name, change, reason) = Self.lies[index]
        let servers = Servers()
        servers.set(change)
        let (finding, found) = try await servers.find()
        #expect(found == reason, "\(name)")
        #expect(finding.owner == nil, "\(name)")
    }

    @Test func `stays who they were while the index is away, and is not asked for twice in a day`() async throws {
        let servers = Servers()
        _ = try await servers.find()
        _ = try await servers.find()
        #expect(servers.questions.withLock { $0 } == 1)
        servers.set { $0.status = 500 }
        servers.clock.advance(.seconds(90_000))
        #expect(try await servers.find().finding.owner == World.owner)
    }

    @Test func `is nobody any more when somebody else claims the project, too`() async throws {
        let servers = Servers()
        _ = try await servers.find()
        servers.set {
            $0.answer = #"{"uri":"\#(Self.claim)"}"#
            $0.records[Self.claim] = Self.project
        }
        servers.clock.advance(.seconds(90_000))
        #expect(try await servers.find().reason == .ownerAmbiguous)
        // The project was handed over.
        servers.set { $0.records[Self.record] = nil }
        servers.clock.advance(.seconds(4000))
        #expect(try await servers.find().finding.owner == World.did("other"))
    }

    @Test func `is nobody else who claims it while the owner's record has only moved`() async throws {
        let servers = Servers()
        _ = try await servers.find()
        servers.set {
            $0.answer = #"{"uri":"\#(Self.claim)"}"#
            $0.records = [Self.claim: Self.project, Self.record + "-moved": Self.project]
        }
        servers.clock.advance(.seconds(90_000))
        #expect(try await servers.find().reason == .ownerAmbiguous)
        // The index names the record where it is now.
        servers.set {
            $0.answer = #"{"uri":"\#(Self.record)-moved"}"#
            $0.records[Self.claim] = nil
        }
        #expect(try await servers.find().finding.owner == World.owner)
        #expect(
            try await servers.confirmations.confirmation(of: .account(DID(Self.project)))?.uri.text == Self.record
                + "-moved"
        )
    }

    @Test func `is asked for again as long as the index does not answer`() async throws {
        let servers = Servers()
        _ = try await servers.find()
        servers.set { $0.status = 500 }
        servers.clock.advance(.seconds(90_000))
        _ = try await servers.find()
        servers.set { $0.status = 200 }
        let asked = servers.questions.withLock { $0 }
        _ = try await servers.find()
        #expect(servers.questions.withLock { $0 } == asked + 1)
    }

    @Test func `is not believed of a record that is withdrawn while it is read`() async throws {
        let servers = Servers()
        let lookup = servers.lookup()
        let uri = try ATURI(Self.record)
        // The answer is under way when the stream tells of the change.
        servers.set { state in
            state.isRead = { read in
                guard read == Self.record else { return }
                servers.set { state in
                    state.isRead = nil
                    state.records = [:]
                }
                lookup.records.forget(uri)
            }
        }
        #expect(try await servers.find(by: lookup).reason == .ownerUnconfirmed)
    }

    @Test func `stays who they were when a claim is not confirmed`() async throws {
        let servers = Servers()
        _ = try await servers.find()
        servers.set { $0.answer = #"{"uri":"\#(Self.claim)"}"# }
        servers.clock.advance(.seconds(90_000))
        #expect(try await servers.find().finding.owner == World.owner)
    }

    @Test func `is waited for from the index's first answer, not from its outage`() async throws {
        var world = try World()
        world.configuration.rules = [try Self.rule("uri")]
        let record: JSONValue = ["$type": "com.example.project", "projectDid": .string(Self.project)]
        world.http.script(
            "/xrpc/com.atproto.repo.getRecord",
            [.json(["uri": .string(Self.record), "value": record])]
        )
        func answers(_ status: Int, _ body: String) {
            world.http.script("/owner", [.success(HTTPResponse(status: status, body: Array(body.utf8)))])
        }
        var event = try World.event(at: world.clock)
        guard case .commit(var commit) = event.body else { return }
        (commit.collection, commit.record) = (NSID(known: "com.example.request"), ["project": .string(Self.project)])
        event.body = .commit(commit)
        func asks(_ batches: [StreamBatch], _ isDone: @escaping @Sendable ([JobState: Int]) -> Bool) async throws {
            let asked = world.http.count("/owner")
            try await world.run(batches) { [http = world.http] in http.count("/owner") > asked && isDone($0) }
        }
        answers(500, "")
        try await asks([World.batch(event)]) { $0[.lookup] == 1 }
        // Longer than the patience with an index that knows nothing.
        for _ in 0..<3 {
            world.clock.advance(.seconds(4000))
            try await asks([]) { $0[.lookup] == 1 }
        }
        answers(404, #"{"error":"RecordNotFound"}"#)
        world.clock.advance(.seconds(4000))
        try await asks([]) { $0[.lookup] == 1 }
        answers(200, #"{"uri":"\#(Self.record)"}"#)
        world.clock.advance(.seconds(4000))
        try await world.run([]) { $0[.delivered] == 1 }
        #expect(world.chat.messages.map(\.owner) == [World.owner])
    }

    @Test func `who was known before is among the claims of a dry run, which remembers nothing`() async throws {
        let servers = Servers()
        _ = try await servers.find()
        servers.set {
            $0.answer = #"{"uri":"\#(Self.claim)"}"#
            $0.records[Self.claim] = Self.project
        }
        let before = servers.confirmations
        servers.clock.advance(.seconds(90_000))
        let lookup = servers.lookup(PassingConfirmations(beside: before))
        #expect(try await servers.find(by: lookup).reason == .ownerAmbiguous)
        servers.set { $0.records[Self.record] = nil }
        servers.clock.advance(.seconds(4000))
        #expect(try await servers.find(by: lookup).finding.owner == World.did("other"))
        let known = await before.confirmation(of: .account(try DID(Self.project)))
        #expect(known?.uri.text == Self.record)
    }
}
