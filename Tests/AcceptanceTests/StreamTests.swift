import ATProtocol
import Glibc
import Network
import Sandbox
import TestSupport
import Testing

/// Guards invariants 1 and 8 on every wire: whatever happens to the connection, each request is delivered once.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `A stream that fails` {
    @Test(arguments: SandboxWire.allCases)
    func `loses and doubles nothing`(wire: SandboxWire) async throws {
        let stage = try await Stage(owners: 3, wire: wire)
        let host = stage.network.streamHosts[0]
        let process = try stage.daemon.run()
        try #require(await stage.isListening(process), tail(process))
        let seed = randomSeed()
        var generator = SeededGenerator(seed: seed)
        let endings: [StreamFault] = [
            .drop, .reset, .close(code: 1000, reason: ""), .close(code: 1001, reason: "server shutting down"),
            .close(code: 1008, reason: "unexpected data message"), .raw([0xC1, 0x00]), .tooSlow, .tearNextFrame,
            .internalError,
        ]
        // Each ending makes the next wait longer, so a few at a time.
        let chosen = endings.shuffled(using: &generator).prefix(4)
        let faults = ([.text("{not json"), .binary([0xFF, 0xFE]), .ping] + chosen).shuffled(using: &generator)
        // A relay knows no times: before its first message there is no place to come back to, only a declared gap.
        try stage.ask("Before")
        try #require(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
        for (number, fault) in faults.enumerated() {
            host.use(number.isMultiple(of: 2) ? .gorilla(bytes: 100) : .whole)
            host.inflict(fault)
            try stage.ask("Request \(number).", of: number % 3)
            let wanted = number + 2
            let stored = await stage.messages(reaching: wanted, within: .seconds(20), unless: process)
            try #require(stored == wanted, "after \(fault)\n\(tail(process))")
        }
        for number in faults.indices { #expect(stage.count("Request \(number).") == 1) }
        #expect(process.ending == nil, tail(process))
    }

    @Test func `is replaced by the next host, which has other numbers`() async throws {
        let stage = try await Stage(streamHosts: 2)
        let process = try stage.daemon.run()
        try #require(await stage.isListening(process), tail(process))
        try stage.ask("First")
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
        let down = Fault.respond(HTTPResponse(status: 503))
        stage.network.faults.add(down, on: "stream GET", count: 1000)
        stage.network.streamHosts[0].inflict(.drop)
        try stage.ask("Second")
        #expect(await stage.messages(reaching: 2, within: .seconds(40), unless: process) == 2, tail(process))
        #expect(stage.network.streamHosts[1].subscriberCount == 1)
        #expect(stage.count("First") == 1)
    }

    @Test func `is one of two, and what it loses comes by the other`() async throws {
        let stage = try await Stage(
            streamHosts: 2,
            overrides: ["stream.parallel_hosts": "2", "stream.miss_window": "1s"],
            tracer: .milliseconds(20)
        )
        let hosts = stage.network.streamHosts
        let process = try stage.daemon.run()
        for host in hosts {
            let open = await process.line(within: .seconds(20)) {
                $0.contains("stream open") && $0.contains(host.origin.authority)
            }
            try #require(open != nil, tail(process))
        }
        hosts[1].turnDeaf(to: ["commit"])
        // A host is judged by what it was read for a window before and after; one request after the other, until it is.
        var asked = 0
        var missed: String?
        let deadline = ContinuousClock.now + .seconds(30)
        while missed == nil, ContinuousClock.now < deadline {
            try stage.ask("Request \(asked).")
            asked += 1
            #expect(
                await stage.messages(reaching: asked, within: .seconds(20), unless: process) == asked,
                tail(process)
            )
            missed = await process.line(within: .milliseconds(250)) { $0.contains("stream host missed an event") }
        }
        #expect(missed?.contains(hosts[1].origin.authority) == true, tail(process))
        #expect(missed?.contains("uri=at://\(stage.author.did)/") == true, tail(process))
        process.signal(SIGUSR1)
        let status = await process.line(within: .seconds(10)) { $0.contains("status") && $0.contains("missed:") }
        #expect(status?.contains("\(hosts[0].origin.authority) open missed:0") == true, tail(process))
        hosts[1].hear()
        stage.network.faults.add(.respond(HTTPResponse(status: 503)), on: "stream GET", count: 1000)
        hosts[0].inflict(.drop)
        for number in asked..<asked + 3 { try stage.ask("Request \(number).") }
        let total = asked + 3
        #expect(await stage.messages(reaching: total, within: .seconds(20), unless: process) == total, tail(process))
        for number in 0..<total { #expect(stage.count("Request \(number).") == 1) }
        #expect(!process.output.contains { $0.contains("stream gap") }, tail(process))
    }
}
