import ATProtocol
import Firehose
import Logging
import Network
import Synchronization
import TestSupport
import Testing

@testable import Backfill

@Suite struct `Gap sweeps` {
    let client = ScriptedClient()
    let log = LogRecorder()
    let sweep: GapBackfill
    static let from: Int64 = 1_783_175_888_000_000
    static let until: Int64 = from + 3_600_000_000
    /// An hour after the gap's end.
    private static let now = UnixTime(microseconds: until + 3_600_000_000)
    static let list =
        "https://relay.test/xrpc/com.atproto.sync.listReposByCollection?collection=sh.tangled.repo.pull&limit=1000"

    init() throws {
        sweep = try Self.sweep(["sh.tangled.repo.pull"], client, log)
    }

    static func sweep(
        _ wanted: [String],
        _ client: ScriptedClient,
        _ log: LogRecorder,
        directories: [String] = ["https://relay.test"],
        maximumAnswer: Int = 4 << 20
    ) throws -> GapBackfill {
        var configuration = SweepConfiguration(
            directories: try directories.map { try WebURL($0) },
            collections: try wanted.map { try CollectionPattern($0) }
        )
        configuration.lookback = .seconds(60)
        configuration.rate = 1_000_000
        configuration.maximumAnswer = maximumAnswer
        return GapBackfill(
            configuration: configuration,
            client: client,
            identities: IdentityResolver(
                configuration: IdentityConfiguration(directory: try WebURL("https://plc.test")),
                client: client
            ),
            clock: ManualClock(now),
            sleeper: HurriedClock(),
            logger: log.logger
        )
    }

    func answer(_ url: String, _ body: String, status: Int = 200) {
        client.script(url, [.success(HTTPResponse(status: status, body: Array(body.utf8)))])
    }

    func key(_ offset: Int64) -> String { TID(microseconds: UInt64(Self.from + offset), clock: 0).text }

    func record(_ did: String, _ key: String, created: String = "") -> String {
        #"{"uri":"at://\#(did)/sh.tangled.repo.pull/\#(key)","cid":"c","value":{"$type":"sh.tangled.repo.pull","createdAt":"\#(created)"}}"#
    }

    func author(_ name: String, pages: [[String]]) {
        let did = "did:web:\(name).test"
        answer(
            "https://\(name).test/.well-known/did.json",
            ##"{"id":"\##(did)","service":[{"id":"#atproto_pds","type":"AtprotoPersonalDataServer","serviceEndpoint":"https://pds.test"}]}"##
        )
        let base =
            "https://pds.test/xrpc/com.atproto.repo.listRecords?repo=did%3Aweb%3A\(name).test&collection=sh.tangled.repo.pull&limit=25"
        for (index, page) in pages.enumerated() {
            let cursor = index + 1 < pages.count ? #","cursor":"\#(index + 1)""# : ""
            answer(
                base + (index == 0 ? "" : "&cursor=\(index)"),
                #"{"records":[\#(page.joined(separator: ","))]\#(cursor)}"#
            )
        }
    }

    func run(
        _ sweep: GapBackfill? = nil,
        knowledge: SweepKnowledge = SweepKnowledge(),
        answered: Set<SweepPair> = [],
        places: [SweepPair: String] = [:],
        known: Set<String> = []
    ) async -> (report: SweepReport, found: [String]) {
        let found = Mutex<[String]>([])
        let report = await (sweep ?? self.sweep).run(
            over: Self.from...Self.until,
            by: knowledge,
            answered: answered,
            goingOnAt: places,
            isKnown: { known.contains($0.text) },
            deliver: { _, events, _ in found.withLock { $0 += events.compactMap { $0.recordURI?.text } } }
        )
        return (report, found.withLock { $0.sorted() })
    }

    func pair(_ name: String) throws -> SweepPair {
        SweepPair(try DID("did:web:\(name).test"), try NSID("sh.tangled.repo.pull"))
    }

    @Test func `records in the window are found on every page, and older ones end the reading`() async throws {
        let list = Self.list
        answer(list, #"{"repos":[{"did":"did:web:a.test"},{"did":"did:web:b.test"}],"cursor":"x"}"#)
        answer(list + "&cursor=x", #"{"repos":[{"did":"did:web:b.test"},{"did":"did:web:c.test"}]}"#)
        let (a, b) = ("did:web:a.test", "did:web:b.test")
        author(
            "a",
            pages: [
                [
                    record(a, key(7_200_000_000)), record(a, key(2000)),
                    record(a, "named", created: "2026-07-04T14:40:00Z"),
                ],
                [record(a, key(1000)), record(a, "other", created: "2020-07-04T14:40:00Z")],
                // It may have arrived late, and its author's clock may be minutes behind; what is older ends the reading.
                [record(a, key(-655_000_000)), record(a, key(-700_000_000))], [record(a, key(-661_000_000))],
                [record(a, key(3000))],
            ]
        )
        author("b", pages: [[record(b, key(5)), #"{"uri":"nonsense"}"#, record(a, key(6))]])
        author("c", pages: [[]])
        let (report, found) = await run(known: ["at://\(b)/sh.tangled.repo.pull/\(key(5))"])
        let expected = [key(-655_000_000), key(1000), key(2000), "named"].map { "at://\(a)/sh.tangled.repo.pull/\($0)" }
        #expect(found == expected.sorted())
        #expect(report.isComplete && report.authors == 3 && report.checked == 3, "\(report.failures)")
        #expect(report.found == 4 && report.known == 1)
    }

    @Test func `accounts and repositories that are gone have nothing to bring, and end no gap open`() async throws {
        let list = Self.list
        let names = ["notfound", "takendown", "unknown", "noserver"]
        let repositories = names.map { #"{"did":"did:web:\#($0).test"}"# }.joined(separator: ",")
        answer(list, #"{"repos":[\#(repositories)]}"#)
        for name in names.dropFirst() { author(name, pages: []) }
        let base = "https://pds.test/xrpc/com.atproto.repo.listRecords?repo=did%3Aweb%3A"
        let rest = ".test&collection=sh.tangled.repo.pull&limit=25"
        answer(base + "takendown" + rest, #"{"error":"RepoTakendown"}"#, status: 400)
        answer(
            base + "unknown" + rest,
            #"{"error":"InvalidRequest","message":"Could not find repo: did:web:unknown.test"}"#,
            status: 400
        )
        answer("https://noserver.test/.well-known/did.json", #"{"id":"did:web:noserver.test","service":[]}"#)
        let (report, found) = await run()
        #expect(found.isEmpty && report.isComplete && report.checked == 4, "\(report.failures)")
    }

    @Test(arguments: ["{}", #"{"repos":null}"#, "[]", #"{"repos":[],"cursor":"x"}"#])
    func `a list of authors that is none closes no gap`(body: String) async throws {
        let list = Self.list
        answer(list, body)
        answer(list + "&cursor=x", body)
        let (report, _) = await run()
        #expect(!report.isComplete)
    }

    @Test func `a list of records that is none leaves the gap open`() async throws {
        let list = Self.list
        answer(list, #"{"repos":[{"did":"did:web:a.test"}]}"#)
        author("a", pages: [])
        answer(
            "https://pds.test/xrpc/com.atproto.repo.listRecords?repo=did%3Aweb%3Aa.test&collection=sh.tangled.repo.pull&limit=25",
            "{}"
        )
        let (report, _) = await run()
        #expect(report.failures.map(\.did?.text) == ["did:web:a.test"])
    }

    @Test func `an author whose server is silent leaves the gap open, and is named`() async throws {
        let list = Self.list
        answer(list, #"{"repos":[{"did":"did:web:a.test"},{"did":"did:web:silent.test"},{"did":"nobody"}]}"#)
        author("a", pages: [[record("did:web:a.test", key(9))]])
        author("silent", pages: [])
        answer(
            "https://pds.test/xrpc/com.atproto.repo.listRecords?repo=did%3Aweb%3Asilent.test&collection=sh.tangled.repo.pull&limit=25",
            "",
            status: 503
        )
        let (report, found) = await run()
        #expect(found.count == 1 && !report.isComplete)
        #expect(report.failures.map(\.did?.text) == ["did:web:silent.test"])
        #expect(!report.lacksMuch, "one of two, as there always are some")
    }

    @Test(arguments: [
        (HTTPError.Code.nameResolution, true), (.connect, true), (.tls, true), (.timeout, true),
        (.connectionLost, false), (.tooLarge, false),
    ])
    func `a server that is no more is told from one that answers badly`(code: HTTPError.Code, isNoMore: Bool)
        async throws
    {
        answer(Self.list, #"{"repos":[{"did":"did:web:a.test"},{"did":"did:web:b.test"}]}"#)
        author("a", pages: [[]])
        author("b", pages: [[]])
        let failure = HTTPError(code: code, origin: "https://pds.test", detail: "dead", mayHaveBeenSent: false)
        let base = "https://pds.test/xrpc/com.atproto.repo.listRecords?repo=did%3Aweb%3Ab.test"
        client.script(base + "&collection=sh.tangled.repo.pull&limit=25", [.failure(failure)])
        let (report, _) = await run()
        #expect(report.failures.map(\.did?.text) == ["did:web:b.test"] && !report.isAllThatCanBeHad)
        #expect(report.lacksOnlyTheUnreachable == isNoMore)
        let words = report.unanswered(try #require(report.failures.first))
        #expect(words.hasPrefix("1 of 2 authors did not answer, for example did:web:b.test: "), "\(words)")
    }

    @Test(arguments: [(10, 99, true), (10, 101, false), (2, 3, true), (1, 2, false), (9, 19, false), (1, 1, true)])
    func `a good part of the authors is more than half of a few, or a tenth of many`(
        missing: Int,
        authors: Int,
        isMuch: Bool
    ) throws {
        var report = SweepReport()
        report.authors = authors
        report.checked = authors - missing
        let silent = try pair("a")
        let failure = SweepReport.Failure(
            SweepError("no answer"),
            did: silent.author,
            silent.collection,
            isPart: false
        )
        report.failures = Array(repeating: failure, count: missing)
        #expect(report.lacksMuch == isMuch)
        report.isOfAccounts = true
        #expect(!report.lacksMuch, "whoever wants to can let a relay say that of an account without a server")
    }

    @Test(arguments: [
        (["sh.tangled.*"], ["sh.tangled.repo.pull", "sh.tangled.repo.issue"]),
        // One that a rule names is known, too; what is seen elsewhere, or wanted no more, is nobody's.
        (["sh.tangled.*", "sh.tangled.repo.pull"], ["sh.tangled.repo.issue", "sh.tangledx.repo.pull", "a.b.c"]),
        (["sh.tangled.*", "sh.tangled.repo.*"], ["sh.tangled.repo.pull", "sh.tangled.repo.issue"]),
    ]) func `of a namespace what was seen is looked for, once, and named`(wanted: [String], seen: [String]) async throws
    {
        let list = "https://relay.test/xrpc/com.atproto.sync.listReposByCollection?collection=sh.tangled.repo."
        answer(list + "pull&limit=1000", #"{"repos":[{"did":"did:web:a.test"}]}"#)
        answer(list + "issue&limit=1000", #"{"repos":[{"did":"did:web:b.test"}]}"#)
        author("a", pages: [[record("did:web:a.test", key(9))]])
        author("b", pages: [])
        answer(
            "https://pds.test/xrpc/com.atproto.repo.listRecords?repo=did%3Aweb%3Ab.test&collection=sh.tangled.repo.issue&limit=25",
            #"{"records":[]}"#
        )
        let knowledge = SweepKnowledge(collections: try seen.map { try NSID($0) })
        let (report, found) = await run(try Self.sweep(wanted, client, log), knowledge: knowledge)
        #expect(report.isComplete && found.count == 1, "\(report.failures)")
        #expect(
            report.namespaces.map(\.description) == [
                "sh.tangled.* was looked for only in what was seen of it: sh.tangled.repo.issue, sh.tangled.repo.pull"
            ]
        )
        let line = "a namespace was swept only in the collections seen so far; a rule can name more"
        #expect(
            log.metadata(of: line) == [
                ["namespace": "sh.tangled.*", "collections": "sh.tangled.repo.issue sh.tangled.repo.pull"]
            ]
        )
        #expect(log.count(line, .notice) == 1)
        let lists = client.requests.map(\.url.description).filter { $0.hasPrefix("https://relay.test/") }
        #expect(lists == ["issue", "pull"].map { list + $0 + "&limit=1000" })
    }

    @Test func `a namespace of which nothing was seen is looked for nowhere, which is said`() async throws {
        let knowledge = SweepKnowledge(collections: [try NSID("sh.tangledx.repo.pull")])
        let (report, _) = await run(try Self.sweep(["sh.tangled.*"], client, log), knowledge: knowledge)
        #expect(client.requests.isEmpty && report.isComplete)
        let sentence = "sh.tangled.* was not looked for: no collection of it was seen yet"
        #expect(report.namespaces.map(\.description) == [sentence])
        #expect(
            log.count("a namespace was swept only in the collections seen so far; a rule can name more", .warning) == 1
        )
    }

    @Test func `without a directory that answers nothing is claimed`() async {
        let (report, found) = await run()
        #expect(found.isEmpty && !report.isComplete && report.failures.count == 1)
    }

    // MARK: Directories that lag and have holes

    @Test func `all directories are asked, and the authors whom the ledger knows beside them`() async throws {
        let other = Self.list.replacing("relay", with: "other")
        answer(Self.list, #"{"repos":[{"did":"did:web:a.test"}]}"#)
        answer(other, #"{"repos":[{"did":"did:web:b.test"},{"did":"did:web:a.test"}]}"#)
        for name in ["a", "b", "c"] { author(name, pages: [[record("did:web:\(name).test", key(1))]]) }
        let knowledge = SweepKnowledge(authors: [try pair("c").collection: [try pair("c").author]])
        let sweep = try Self.sweep(
            ["sh.tangled.repo.pull"],
            client,
            log,
            directories: ["https://relay.test", "https://other.test"]
        )
        let (report, found) = await run(sweep, knowledge: knowledge)
        #expect(report.isComplete && found.count == 3 && report.authors == 3, "\(report.failures)")
    }

    @Test func `one directory that fails leaves the gap open, whoever the others name`() async throws {
        answer(Self.list, #"{"repos":[{"did":"did:web:a.test"}]}"#)
        author("a", pages: [[record("did:web:a.test", key(1))]])
        let sweep = try Self.sweep(
            ["sh.tangled.repo.pull"],
            client,
            log,
            directories: ["https://dead.test", "https://relay.test"]
        )
        let (report, found) = await run(sweep)
        #expect(!report.isComplete && found.count == 1)
        #expect(report.failures.first?.description.contains("https://dead.test") == true)
        #expect(report.lacksMuch && report.isAllThatCanBeHad && !report.lacksOnlyTheUnreachable)
    }

    @Test func `an empty list is no answer, unless somebody is known`() async throws {
        answer(Self.list, #"{"repos":[]}"#)
        #expect(await !run().report.isComplete)
        author("a", pages: [[record("did:web:a.test", key(1))]])
        let knowledge = SweepKnowledge(authors: [try pair("a").collection: [try pair("a").author]])
        let (report, found) = await run(knowledge: knowledge)
        #expect(report.isComplete && found.count == 1, "\(report.failures)")
    }

    @Test func `nobody is asked twice who has answered, and nothing is looked for that was not waited for`()
        async throws
    {
        answer(Self.list, #"{"repos":[{"did":"did:web:a.test"},{"did":"did:web:b.test"}]}"#)
        author("b", pages: [[record("did:web:b.test", key(9)), record("did:web:b.test", key(-650_000_000))]])
        let pattern = try CollectionPattern("sh.tangled.repo.pull")
        let knowledge = SweepKnowledge(beginnings: [pattern: Self.from])
        let (report, found) = await run(knowledge: knowledge, answered: [try pair("a")])
        #expect(report.isComplete && found == ["at://did:web:b.test/sh.tangled.repo.pull/\(key(9))"])
        #expect(report.checked == 2 && client.requests.allSatisfy { !$0.url.description.contains("a.test") })
    }

    @Test func `a host that fails three times in a row is left alone, and costs the others nothing`() async throws {
        let names = ["a", "b", "c", "d", "e", "f"]
        let repositories = names.map { #"{"did":"did:web:\#($0).test"}"# }.joined(separator: ",")
        answer(Self.list, #"{"repos":[\#(repositories)]}"#)
        for name in names { author(name, pages: []) }
        let base = "https://pds.test/xrpc/com.atproto.repo.listRecords"
        client.script("/xrpc/com.atproto.repo.listRecords", [.json(["error": "InternalServerError"], status: 500)])
        let (report, _) = await run()
        #expect(report.failures.count == names.count && !report.isAllThatCanBeHad)
        let asked = client.requests.count { $0.url.description.hasPrefix(base) }
        // Those who were on their way when the third failed are asked, too.
        #expect(asked < names.count || asked <= 3 + 4, "\(asked)")
        #expect(report.failures.contains { $0.detail.contains("is left alone") } || asked == names.count)
    }

    @Test func `a host that asks to be left alone is asked once more when it says, or left for later`() async throws {
        answer(Self.list, #"{"repos":[{"did":"did:web:a.test"},{"did":"did:web:b.test"}]}"#)
        for name in ["a", "b"] { author(name, pages: []) }
        let base = "https://pds.test/xrpc/com.atproto.repo.listRecords?repo=did%3Aweb%3A"
        let rest = ".test&collection=sh.tangled.repo.pull&limit=25"
        func limited(_ seconds: String) -> ScriptedClient.Answer {
            .success(HTTPResponse(status: 429, headers: ["Retry-After": seconds], body: []))
        }
        client.script(base + "a" + rest, [limited("5"), .json(["records": []])])
        answer(base + "b" + rest, #"{"records":[]}"#)
        #expect(await run().report.isComplete)
        client.script(base + "a" + rest, [limited("3000")])
        client.forget()
        let (report, _) = await run()
        #expect(!report.isComplete && report.failures.count >= 1)
        #expect(report.failures.first?.detail.contains("left alone") == true, "\(report.failures)")
        #expect(client.requests.count { $0.url.description == base + "a" + rest } == 1)
    }
}
