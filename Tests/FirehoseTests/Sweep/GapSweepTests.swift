import ATProtocol
import Logging
import Network
import Synchronization
import TestSupport
import Testing

@testable import Firehose

@Suite struct `Gap sweeps` {
    private let client = ScriptedClient()
    private let log = LogRecorder()
    private let sweep: GapSweep
    private static let from: Int64 = 1_783_175_888_000_000
    private static let until: Int64 = from + 3_600_000_000

    init() throws {
        sweep = try Self.sweep(["sh.tangled.repo.pull"], client, log)
    }

    private static func sweep(_ wanted: [String], _ client: ScriptedClient, _ log: LogRecorder) throws -> GapSweep {
        let directory = try WebURL("https://relay.test")
        return GapSweep(
            configuration: SweepConfiguration(
                directories: [try WebURL("https://dead.test"), directory],
                collections: try wanted.map { try CollectionPattern($0) }
            ),
            client: client,
            identities: IdentityResolver(configuration: IdentityConfiguration(directory: directory), client: client),
            logger: log.logger
        )
    }

    private func answer(_ url: String, _ body: String, status: Int = 200) {
        client.script(url, [.success(HTTPResponse(status: status, body: Array(body.utf8)))])
    }

    private func key(_ offset: Int64) -> String { TID(microseconds: UInt64(Self.from + offset), clock: 0).text }

    private func record(_ did: String, _ key: String, created: String = "") -> String {
        #"{"uri":"at://\#(did)/sh.tangled.repo.pull/\#(key)","cid":"c","value":{"$type":"sh.tangled.repo.pull","createdAt":"\#(created)"}}"#
    }

    private func author(_ name: String, pages: [[String]]) {
        let did = "did:web:\(name).test"
        answer(
            "https://\(name).test/.well-known/did.json",
            ##"{"id":"\##(did)","service":[{"id":"#atproto_pds","type":"AtprotoPersonalDataServer","serviceEndpoint":"https://pds.test"}]}"##
        )
        let base =
            "https://pds.test/xrpc/com.atproto.repo.listRecords?repo=did%3Aweb%3A\(name).test&collection=sh.tangled.repo.pull&limit=50"
        for (index, page) in pages.enumerated() {
            let cursor = index + 1 < pages.count ? #","cursor":"\#(index + 1)""# : ""
            answer(
                base + (index == 0 ? "" : "&cursor=\(index)"),
                #"{"records":[\#(page.joined(separator: ","))]\#(cursor)}"#
            )
        }
    }

    private func run(known: Set<String> = []) async -> (report: SweepReport, found: [String]) {
        let found = Mutex<[String]>([])
        let report = await sweep.run(from: Self.from, until: Self.until, seen: []) {
            known.contains($0.text)
        } deliver: { events in
            found.withLock { $0 += events.compactMap { $0.recordURI?.text } }
        }
        return (report, found.withLock { $0.sorted() })
    }

    @Test func `records in the window are found on every page, and older ones end the reading`() async throws {
        let list =
            "https://relay.test/xrpc/com.atproto.sync.listReposByCollection?collection=sh.tangled.repo.pull&limit=1000"
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
                // An author's clock may be minutes behind; what is older than that ends the reading.
                [record(a, key(-5_000_000)), record(a, key(-700_000_000))], [record(a, key(-601_000_000))],
                [record(a, key(3000))],
            ]
        )
        author("b", pages: [[record(b, key(5)), #"{"uri":"nonsense"}"#, record(a, key(6))]])
        author("c", pages: [[]])
        let (report, found) = await run(known: ["at://\(b)/sh.tangled.repo.pull/\(key(5))"])
        let expected = [key(-5_000_000), key(1000), key(2000), "named"].map { "at://\(a)/sh.tangled.repo.pull/\($0)" }
        #expect(found == expected.sorted())
        #expect(report.isComplete && report.authors == 3 && report.checked == 3)
        #expect(report.found == 4 && report.known == 1)
    }

    @Test func `accounts and repositories that are gone have nothing to bring, and end no gap open`() async throws {
        let list =
            "https://relay.test/xrpc/com.atproto.sync.listReposByCollection?collection=sh.tangled.repo.pull&limit=1000"
        let names = ["notfound", "takendown", "unknown", "noserver"]
        let repositories = names.map { #"{"did":"did:web:\#($0).test"}"# }.joined(separator: ",")
        answer(list, #"{"repos":[\#(repositories)]}"#)
        for name in names.dropFirst() { author(name, pages: []) }
        let base = "https://pds.test/xrpc/com.atproto.repo.listRecords?repo=did%3Aweb%3A"
        let rest = ".test&collection=sh.tangled.repo.pull&limit=50"
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
        let list =
            "https://relay.test/xrpc/com.atproto.sync.listReposByCollection?collection=sh.tangled.repo.pull&limit=1000"
        answer(list, body)
        answer(list + "&cursor=x", body)
        let (report, _) = await run()
        #expect(!report.isComplete)
    }

    @Test func `a list of records that is none leaves the gap open`() async throws {
        let list =
            "https://relay.test/xrpc/com.atproto.sync.listReposByCollection?collection=sh.tangled.repo.pull&limit=1000"
        answer(list, #"{"repos":[{"did":"did:web:a.test"}]}"#)
        author("a", pages: [])
        answer(
            "https://pds.test/xrpc/com.atproto.repo.listRecords?repo=did%3Aweb%3Aa.test&collection=sh.tangled.repo.pull&limit=50",
            "{}"
        )
        let (report, _) = await run()
        #expect(report.failures.map(\.did?.text) == ["did:web:a.test"])
    }

    @Test func `an author whose server is silent leaves the gap open, and is named`() async throws {
        let list =
            "https://relay.test/xrpc/com.atproto.sync.listReposByCollection?collection=sh.tangled.repo.pull&limit=1000"
        answer(list, #"{"repos":[{"did":"did:web:a.test"},{"did":"did:web:silent.test"},{"did":"nobody"}]}"#)
        author("a", pages: [[record("did:web:a.test", key(9))]])
        author("silent", pages: [])
        answer(
            "https://pds.test/xrpc/com.atproto.repo.listRecords?repo=did%3Aweb%3Asilent.test&collection=sh.tangled.repo.pull&limit=50",
            "",
            status: 503
        )
        let (report, found) = await run()
        #expect(found.count == 1 && !report.isComplete)
        #expect(report.failures.map(\.did?.text) == ["did:web:silent.test"])
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
        answer(list + "issue&limit=1000", #"{"repos":[]}"#)
        author("a", pages: [[record("did:web:a.test", key(9))]])
        let report = try await Self.sweep(wanted, client, log).run(
            from: Self.from,
            until: Self.until,
            seen: seen.map { try NSID($0) },
            isKnown: { _ in false },
            deliver: { _ in }
        )
        #expect(report.isComplete && report.found == 1)
        #expect(
            report.namespaces.map(\.description) == [
                "sh.tangled.* was looked for only in what was seen of it: sh.tangled.repo.issue, sh.tangled.repo.pull"
            ]
        )
        let line = "namespace swept only for the collections of it that were seen"
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
        let report = try await Self.sweep(["sh.tangled.*"], client, log).run(
            from: Self.from,
            until: Self.until,
            seen: [try NSID("sh.tangledx.repo.pull")],
            isKnown: { _ in false },
            deliver: { _ in }
        )
        #expect(client.requests.isEmpty && report.isComplete)
        let sentence = "sh.tangled.* was not looked for: no collection of it was seen yet"
        #expect(report.namespaces.map(\.description) == [sentence])
        #expect(log.count("namespace swept only for the collections of it that were seen", .warning) == 1)
    }

    @Test func `without a directory that answers nothing is claimed`() async {
        let (report, found) = await run()
        #expect(found.isEmpty && !report.isComplete && report.failures.count == 1)
    }
}
