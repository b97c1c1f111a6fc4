import Foundation
import Sandbox
import TestSupport
import Testing

/// The machine's clock alone neither prolongs a wait nor ends anything for good (invariant 12).
@Suite(.serialized, .timeLimit(.minutes(5)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `A daemon whose clock is set` {
    /// Hours, days and years, in seconds.
    private static let steps = [-7200, -90, 43_200, 180_000, 31_536_000, -31_536_000]

    private static let overrides = [
        "sending.interval": "0s", "lookup.first_wait": "100ms", "sending.first_wait": "100ms",
    ]

    /// A stage with a clock that may be wrong; nil without a compiler.
    private func stage(_ overrides: [String: String] = [:]) async throws -> (Stage, MachineClock)? {
        guard let clock = try await MachineClock() else {
            print("skipped: there is no C compiler to make a wrong clock with")
            return nil
        }
        let overrides = Self.overrides.merging(overrides) { $1 }
        return (try await Stage(owners: 2, overrides: overrides, environment: clock.environment), clock)
    }

    @Test func `tells on while it runs, whatever the clock is set to and for how long`() async throws {
        guard let (stage, clock) = try await stage() else { return }
        let process = try stage.daemon.run()
        let lines = process.lines()
        #expect(await stage.isListening(process))
        var number = 0
        func ask(_ what: Comment) async throws {
            try stage.ask("Request \(number).")
            number += 1
            #expect(await stage.messages(reaching: number, within: .seconds(15), unless: process) == number, what)
        }
        for step in Self.steps {
            try clock.set(step)
            // The shim reads its file ten times a second.
            try await Task.sleep(for: .milliseconds(200))
            try await ask("set by \(step) s")
            try clock.set(0)
            try await Task.sleep(for: .milliseconds(200))
            try await ask("set back from \(step) s")
        }
        // One that stays is followed.
        try clock.set(-7200)
        #expect(await lines.first(within: .seconds(10)) { $0.contains("the machine's clock was set") } != nil)
        try await Task.sleep(for: .seconds(63))
        try await ask("two hours behind")
        #expect(stage.countsByRequest().values.allSatisfy { $0 == 1 })
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(10)) == .exited(0), tail(process))
    }

    @Test func `tells, and forgets nothing, when the clock is wrong at its start`() async throws {
        guard let (stage, clock) = try await stage() else { return }
        try stage.network.setAllowIncoming(.none, of: stage.owners[1])
        var told = 0
        for step in [0] + Self.steps + [0] {
            try clock.set(step)
            let process = try stage.daemon.run()
            #expect(await stage.isListening(process), tail(process))
            try stage.ask("Request \(told).")
            try stage.ask("Waiting \(told).", of: 1)
            told += 1
            #expect(
                await stage.messages(reaching: told, within: .seconds(20), unless: process) == told,
                "started \(step) s ahead: \(tail(process))"
            )
            let jobs = try await stage.rest(of: told * 2, process)
            #expect(jobs.values.count { $0.state == "delivered" } == told, "\(step): \(jobs)")
            #expect(jobs.values.count { $0.state == "deferred" } == told, "\(step): \(jobs)")
            process.signal(SIGTERM)
            #expect(await process.ended(within: .seconds(10)) == .exited(0), tail(process))
        }
    }
}
