import ATProtocol
import Glibc
import Network
import Sandbox
import Testing

/// What a stream tells is sent only when the author's signed repository holds it.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `Verification before sending` {
    private static let overrides = ["stream.verify_before_send": "true"]

    @Test(arguments: [SandboxWire.jetstream2, .jetstream1])
    func `an event that nobody committed is told to nobody`(wire: SandboxWire) async throws {
        let stage = try await Stage(wire: wire, overrides: Self.overrides, signsCommits: true)
        let process = try stage.daemon.run()
        try #require(await stage.isListening(process), tail(process))
        let record: JSONValue = ["title": "Forged", "subject": .string(stage.project(of: 0))]
        let forged = try stage.network.forgeRecord(
            by: stage.author,
            collection: LocalDaemon.collection,
            record: record
        )
        let good = try stage.ask("Good")
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
        let refused = await process.line(within: .seconds(20)) {
            $0.contains(forged.text) && $0.contains("reason=record-not-found")
        }
        #expect(refused != nil, tail(process))
        let proven = await process.line(within: .seconds(20)) {
            $0.contains(good) && $0.contains("change request proven")
        }
        #expect(proven != nil, tail(process))
        #expect(stage.count("Good") == 1 && stage.count("Forged") == 0)
        #expect(process.ending == nil, tail(process))
    }

    @Test func `a key that cannot be had holds back its own author alone, until it can be had`() async throws {
        let stage = try await Stage(
            wire: .relay,
            overrides: ["lookup.first_wait": "200ms", "lookup.maximum_wait": "1s"]
        )
        let newcomer = try stage.network.createAccount(handle: "newcomer.test")
        let process = try stage.daemon.run()
        try #require(await stage.isListening(process), tail(process))
        try stage.ask("Before it")
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
        let refusal = Fault.respond(HTTPResponse(status: 400))
        stage.network.faults.add(refusal, on: "plc GET /\(newcomer.did)", count: 100_000)
        let record: JSONValue = ["title": "Newcomer", "subject": .string(stage.project(of: 0))]
        try stage.network.createRecord(by: newcomer, collection: LocalDaemon.collection, record: record)
        try stage.ask("Behind it")
        #expect(await stage.messages(reaching: 2, within: .seconds(20), unless: process) == 2, tail(process))
        #expect(stage.count("Behind it") == 1, tail(process))
        stage.network.faults.clear()
        #expect(await stage.messages(reaching: 3, within: .seconds(30), unless: process) == 3, tail(process))
        #expect(stage.count("Newcomer") == 1, tail(process))
        #expect(process.ending == nil, tail(process))
    }

    @Test func `a proof that a kill cut short is asked for again`() async throws {
        let stage = try await Stage(overrides: Self.overrides, signsCommits: true)
        stage.network.faults.add(.respond(HTTPResponse(status: 503)), on: "sync.getRecord", count: 1000)
        let first = try stage.daemon.run()
        try #require(await stage.isListening(first), tail(first))
        let uri = try stage.ask("Door")
        let waits = await first.line(within: .seconds(20)) {
            $0.contains(uri) && $0.contains("reason=proof-unavailable")
        }
        try #require(waits != nil, tail(first))
        try await stage.kill(first)
        #expect(stage.network.chat.messages.isEmpty)
        stage.network.faults.clear()
        let second = try stage.daemon.run()
        #expect(await stage.messages(reaching: 1, within: .seconds(30), unless: second) == 1, tail(second))
        #expect(stage.count("Door") == 1)
    }
}
