import ATProtocol
import Glibc
import Sandbox
import TestSupport
import Testing

/// Guards invariants 1, 3 and 9 under everything that a network can do.
///
/// `IMPACT_NOTIFIER_CAMPAIGN=10000` runs it in full; fifty kills then.
@Suite(.serialized, .timeLimit(.minutes(60)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `A daemon among faults` {
    private static let requests =
        unsafe getenv("IMPACT_NOTIFIER_CAMPAIGN").flatMap { unsafe Int(String(cString: $0)) } ?? 300
    private static let kills = max(4, requests / 200)

    private static let calls: [Fault] = [
        .dropBefore, .dropAfter, .resetBefore, .resetAfter, .truncated, .upstreamFailure, .upstreamFailureAfter,
        .emptyObject, .html404, .plainText, .chatRateLimit,
    ]

    @Test func `delivers each message once that can be delivered, and has a reason for each that cannot`() async throws
    {
        let seed = randomSeed()
        var generator = SeededGenerator(seed: seed)
        let stage = try await Stage(owners: 40, overrides: Stage.hurried)
        let network = stage.network
        // The last three owners cannot be written to, each in their way.
        network.setBlocking(true, stage.owners[37], stage.bot)
        try network.setAllowIncoming(.none, of: stage.owners[38])
        try network.setAllowIncoming(.following, of: stage.owners[39])
        for (index, pattern) in ["sendMessage", "getConvoForMembers", "getMessages", "getRecord"].enumerated() {
            network.faults.campaign(Self.calls, on: pattern, share: 0.3, seed: seed &+ UInt64(index))
        }
        let writer = Task {
            for number in 0..<Self.requests {
                try stage.ask("Request \(number).", of: number % 40)
                if number % 10 == 9 { try await Task.sleep(for: .milliseconds(20)) }
            }
        }
        var process = try stage.daemon.run()
        for _ in 0..<Self.kills {
            // The one place where a test sleeps on purpose: the moment of death is the input.
            try await Task.sleep(for: .milliseconds(Int.random(in: 50...2000, using: &generator)))
            #expect(process.ending == nil, tail(process))
            try await stage.kill(process)
            process = try stage.daemon.run()
        }
        try await writer.value
        let deliverable = (0..<Self.requests).filter { $0 % 40 < 37 }
        let jobs = try await stage.rest(of: Self.requests, process)
        let states = Dictionary(grouping: jobs.values, by: \.state).mapValues(\.count)
        print("\(Self.requests) requests, \(Self.kills) kills, \(network.faults.fired) faults: \(states)")
        let stored = stage.countsByRequest()
        for (number, count) in stored { #expect(count == 1, "request \(number) is stored \(count) times") }
        let uncertain = jobs.values.filter { $0.state == "uncertain" }
        #expect(uncertain.allSatisfy { $0.reason == "sends-exhausted" })
        #expect(uncertain.count <= max(2, Self.requests / 1000))
        #expect(deliverable.filter { stored[$0] != nil }.count + uncertain.count >= deliverable.count, tail(process))
        #expect(
            Set(jobs.values.map(\.reason)).isSubset(of: [
                nil, "sends-exhausted", "owner-blocked", "owner-suppressed", "owner-disabled-messages",
                "owner-does-not-follow",
            ])
        )
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
    }
}
