import ATProtocol
import Sandbox
import Testing

/// Guards invariant 13: only an answer on the list of proofs, or a human, ends a session.
///
/// The first repeated ask comes after a minute, so the cases run side by side.
@Suite(.timeLimit(.minutes(6)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `A session that lives on at the server` {
    @Test func `outlasts what proves nothing, and the message that waited goes out once`() async throws {
        var triggers = SessionTrigger.all
        if let clock = try await MachineClock() {
            triggers.append(.wrongClock(clock))
        } else {
            print("skipped: no C compiler for a wrong clock")
        }
        await sideBySide(triggers, atMost: triggers.count) {
            $0.name
        } _: { trigger in
            let trial = try await SessionTrial(trigger.name, trigger.kind, environment: trigger.environment)
            try await trial.expectMessage("Before")
            try await trigger.strike(trial)
            try await trial.expectAlarm(trigger.reason)
            if !trigger.asksAfterwards { try trial.stage.ask("Meanwhile") }
            try await trial.expectSilence(trigger.reason, refreshResult: trigger.result)
            #expect(trial.stage.count("Meanwhile") == 0, trial.story())
            try await trigger.mend(trial)
            if trigger.asksAfterwards { try trial.stage.ask("Meanwhile") }
            await trial.expectDelivery(of: "Meanwhile", within: .seconds(120))
            try await trial.expectLife()
            #expect(trial.stage.count("Meanwhile") == 1, trial.story())
            await trial.end()
        }
    }

    /// Troubles that a session goes through without a pause.
    private struct Bump: Sendable {
        let name: String
        let misbehaviour: Misbehaviour
        /// Whether the daemon has run into it.
        let isMet: @Sendable (SessionTrial) -> Bool
    }

    private static let bumps =
        [404, 405, 410].map { status in
            Bump(name: "a moved token endpoint, \(status)", misbehaviour: .movedTokenEndpoint(status: status)) {
                trial in
                let endpoint = SessionTrial.session(of: trial.stage)?["token_endpoint"]?.string
                return endpoint?.hasSuffix("/oauth/token/v2") == true
            }
        } + [
            Bump(name: "a Date three days ago", misbehaviour: .wrongDate(offset: -3 * 86_400)) { trial in
                trial.process.output.contains { $0.contains("clock differs from the server's") }
            }
        ]

    @Test func `goes on without a pause when its token endpoint moves, and when servers write a wrong Date`()
        async throws
    {
        await sideBySide(Self.bumps, atMost: Self.bumps.count) {
            $0.name
        } _: { bump in
            let trial = try await SessionTrial(bump.name)
            try await trial.expectMessage("Before")
            trial.stage.network.faults.add(.misbehave(bump.misbehaviour))
            try await trial.expectMessage("Meanwhile")
            #expect(await holds(within: .seconds(60)) { bump.isMet(trial) }, trial.story("the daemon met nothing"))
            try await trial.expectMessage("Afterwards")
            try await trial.expectLife()
            #expect(!trial.process.output.contains { $0.contains("level=error") }, trial.story())
            await trial.end()
        }
    }
}
