import ATProtocol
import Glibc
import Network
import Sandbox
import Testing

/// Guards invariants 1 and 2 against what real hosts do beside failing.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `A stream as real hosts keep it` {
    /// A daemon that has delivered one request: a relay is read from where it is by then.
    private func begin(_ stage: Stage) async throws -> ChildProcess {
        let process = try stage.daemon.run()
        try #require(await stage.isListening(process), tail(process))
        try stage.ask("Before")
        try #require(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
        return process
    }

    /// Writes requests in one commit, each for another owner.
    private func ask(_ titles: [String], on stage: Stage) throws {
        let records = titles.enumerated().map { number, title -> (key: String?, record: JSONValue) in
            (nil, ["title": .string(title), "subject": .string(stage.project(of: number))])
        }
        try stage.network.createRecords(by: stage.author, collection: LocalDaemon.collection, records)
    }

    /// Waits until all of these are told, and sees that none is told twice.
    private func expect(_ titles: [String], of total: Int, on stage: Stage, _ process: ChildProcess) async {
        let stored = await stage.messages(reaching: total, within: .seconds(60), unless: process)
        #expect(stored == total, tail(process))
        for title in titles { #expect(stage.count(title) == 1, "\(title)\n\(tail(process))") }
    }

    @Test(arguments: SandboxWire.allCases)
    func `with several records in a commit, all at one time, loses none where it ends between them`(
        wire: SandboxWire
    ) async throws {
        let stage = try await Stage(owners: 4, wire: wire)
        let process = try await begin(stage)
        let together = (0..<4).map { "Together \($0)" }
        try ask(together, on: stage)
        await expect(together, of: 5, on: stage, process)
        let torn = (0..<4).map { "Torn \($0)" }
        stage.network.streamHosts[0].inflict(.dropAfter(2))
        try ask(torn, on: stage)
        await expect(torn, of: 9, on: stage, process)
        #expect(!process.output.contains { $0.contains("stream gap") }, tail(process))
    }

    @Test func `of version 1, which gives one time to all that it takes in at once, loses none of them`() async throws {
        let stage = try await Stage(owners: 4, wire: .jetstream1)
        let host = stage.network.streamHosts[0]
        let process = try await begin(stage)
        host.lag()
        let titles = (0..<8).map { "At once \($0)" }
        for (number, title) in titles.enumerated() { try stage.ask(title, of: number % 4) }
        host.inflict(.dropAfter(3))
        host.catchUp()
        await expect(titles, of: 9, on: stage, process)
        #expect(!process.output.contains { $0.contains("stream gap") }, tail(process))
    }

    @Test(arguments: [SandboxWire.jetstream2, .relay])
    func `that gives its numbers to other events after a crash is noticed, and what has them is told`(
        wire: SandboxWire
    ) async throws {
        // A relay that is read from the present again says what lies before with its first message.
        let stage = try await Stage(wire: wire, tracer: .milliseconds(200))
        let host = stage.network.streamHosts[0]
        let process = try await begin(stage)
        // More than what is remembered of a stream, in the same words each time.
        func passTime() {
            for _ in 0..<60 { host.skipSequences(0, before: stage.author.did, handle: stage.author.handle) }
        }
        passTime()
        try stage.ask("Known")
        try #require(await stage.messages(reaching: 2, within: .seconds(20), unless: process) == 2, tail(process))
        // Nobody reads again before the numbers are given.
        host.warmUp(true)
        try host.crash(losing: 50) {
            try stage.ask("Instead")
            passTime()
        }
        host.warmUp(false)
        let gap = await process.line(within: .seconds(60)) { $0.contains("stream gap") }
        #expect(gap?.contains(wire == .relay ? "overlap-missing" : "sequence-changed") == true, tail(process))
        try stage.ask("After")
        await expect(["Before", "Known", "Instead", "After"], of: 4, on: stage, process)
    }

    @Test(arguments: SandboxWire.allCases)
    func `is come back to while it gets ready, and when it cannot read on`(wire: SandboxWire) async throws {
        let stage = try await Stage(wire: wire)
        let host = stage.network.streamHosts[0]
        let process = try await begin(stage)
        host.warmUp(true)
        host.inflict(.internalError)
        let end = await process.line(within: .seconds(20)) { $0.contains("stream disconnected") }
        #expect(end?.contains("InternalError") == (wire != .jetstream1), tail(process))
        let name = wire == .jetstream2 ? "ServiceUnavailable" : "http-503"
        let refusal = await process.line(within: .seconds(20)) {
            $0.contains("stream disconnected") && $0.contains(name)
        }
        #expect(refusal != nil, tail(process))
        try stage.ask("Meanwhile")
        host.warmUp(false)
        await expect(["Before", "Meanwhile"], of: 2, on: stage, process)
        #expect(!process.output.contains { $0.contains("stream gap") }, tail(process))
    }

    @Test(arguments: SandboxWire.allCases)
    func `that repeats itself where replay and live meet has each request told once`(wire: SandboxWire) async throws {
        let stage = try await Stage(owners: 4, wire: wire)
        let host = stage.network.streamHosts[0]
        var process = try await begin(stage)
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
        host.repeatAtCutOver(3)
        let missed = (0..<6).map { "Missed \($0)" }
        for (number, title) in missed.enumerated() { try stage.ask(title, of: number % 4) }
        process = try stage.daemon.run()
        await expect(missed, of: 7, on: stage, process)
        try stage.ask("Live")
        await expect(missed + ["Before", "Live"], of: 8, on: stage, process)
        #expect(!process.output.contains { $0.contains("stream gap") }, tail(process))
    }

    @Test(arguments: [SandboxWire.jetstream2, .relay])
    func `that says of a repository only that it is another now has what is new in it told`(
        wire: SandboxWire
    ) async throws {
        let stage = try await Stage(owners: 2, wire: wire)
        let process = try await begin(stage)
        stage.network.disconnect(stage.author)
        try stage.ask("Meanwhile", of: 1)
        try stage.network.replaceRepository(of: stage.author)
        // A relay's is found by a sweep of that repository.
        await expect(["Before", "Meanwhile"], of: 2, on: stage, process)
        #expect(!process.output.contains { $0.contains("stream gap") }, tail(process))
    }

    @Test func `is told of over connections that their servers end while nothing is asked`() async throws {
        let stage = try await Stage(owners: 4, keepAlive: .milliseconds(20))
        let process = try await begin(stage)
        for number in 0..<12 {
            try stage.ask("Request \(number).", of: number % 4)
            await expect(["Request \(number)."], of: number + 2, on: stage, process)
        }
        // The last answer is on its way still.
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
        // One of each request has been carried out, and no try has failed.
        let sent = stage.network.journal.entries(matching: "sendMessage").count { $0.status == 200 }
        #expect(sent == 13 && !process.output.contains { $0.contains("outcome-unknown") }, tail(process))
    }
}
