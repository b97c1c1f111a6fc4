import Network
import Sandbox
import Testing

/// Guards invariant 3: whatever becomes of a call, each request is one message.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `A delivery that fails` {
    /// Where a fault strikes, and how.
    struct Case: Sendable, CustomTestStringConvertible {
        let call: String
        let name: String
        let fault: Fault

        var testDescription: String { "\(name) at \(call)" }
    }

    private static let faults: [(String, Fault)] = [
        ("drop after", .dropAfter), ("drop before", .dropBefore), ("reset after", .resetAfter),
        ("reset before", .resetBefore), ("truncated", .truncated), ("chat limit", .chatRateLimit),
        ("PDS limit", .pdsRateLimit(retryAfter: 1)), ("502", .upstreamFailure), ("502 after", .upstreamFailureAfter),
        ("empty object", .emptyObject), ("HTML 404", .html404), ("plain text", .plainText),
        ("torn header", Fault(.truncate(bytes: 9, resets: true), .afterHandling)),
        ("slow", Fault(.trickle(bytes: 60, pause: .milliseconds(20)), .afterHandling)),
    ]

    static let cases = ["sendMessage", "getConvoForMembers"].flatMap { call in
        faults.map { Case(call: call, name: $0.0, fault: $0.1) }
    }

    @Test func `is made good, and no message is doubled`() async throws {
        let stage = try await Stage(owners: Self.cases.count, overrides: ["sending.settle": "300ms"])
        let process = try stage.daemon.run()
        // One after the other: a daemon has one sender, and each case shall meet its own fault.
        for (number, each) in Self.cases.enumerated() {
            stage.network.faults.add(each.fault, on: each.call)
            let uri = try stage.ask("Request \(number).", of: number)
            let stored = await stage.messages(reaching: number + 1, within: .seconds(20), unless: process)
            try #require(stored == number + 1, "\(each.testDescription)\n\(tail(process))")
            let line = await process.line(within: .seconds(20)) {
                $0.contains(uri) && $0.contains("message delivered")
            }
            try #require(line != nil, "\(each.testDescription)\n\(tail(process))")
            #expect(stage.network.faults.pending == 0, "\(each.testDescription)")
        }
        for (number, each) in Self.cases.enumerated() {
            #expect(stage.count("Request \(number).") == 1, "\(each.testDescription)")
        }
        #expect(process.ending == nil, tail(process))
    }

    @Test func `for the limit of a PDS that counts everything together is made good when the window ends`() async throws
    {
        let limit = RequestLimit(requests: 50, window: .seconds(4))
        let stage = try await Stage(owners: 30, requestLimit: limit)
        let process = try stage.daemon.run()
        for number in 0..<30 { try stage.ask("Request \(number).", of: number) }
        #expect(await stage.messages(reaching: 30, within: .seconds(60), unless: process) == 30, tail(process))
        for number in 0..<30 { #expect(stage.count("Request \(number).") == 1) }
        #expect(stage.network.journal.entries(matching: "pds ").contains { $0.status == 429 })
    }

    @Test func `for want of a fresh token is renewed, and a lost renewal asks for a login`() async throws {
        let stage = try await Stage()
        var lifetimes = stage.network.authorizationServer.lifetimes
        lifetimes.access = 2
        stage.network.authorizationServer.lifetimes = lifetimes
        try await stage.daemon.logIn()
        let process = try stage.daemon.run()
        for number in 0..<3 {
            stage.network.clock.advance(by: .seconds(10))
            try stage.ask("Request \(number).")
            let stored = await stage.messages(reaching: number + 1, within: .seconds(20), unless: process)
            #expect(stored == number + 1, tail(process))
        }
        // The server has rotated, the answer is lost: nothing in the protocol brings the session back.
        stage.network.faults.add(.dropAfter, on: "as POST /oauth/token", count: 3)
        stage.network.clock.advance(by: .seconds(10))
        try stage.ask("After the loss")
        let complaint = await process.line(within: .seconds(30)) { $0.contains("impact-notifier login") }
        #expect(complaint != nil, tail(process))
        #expect(stage.network.authorizationServer.sessionCount <= 1)
        stage.network.faults.clear()
        try await stage.daemon.logIn()
        #expect(await stage.messages(reaching: 4, within: .seconds(30), unless: process) == 4, tail(process))
        #expect(stage.count("After the loss") == 1)
    }
}
