import ATProtocol
import Glibc
import Network
import Sandbox
import Testing

/// The other half of invariant 13: what is on the list of proofs ends a session, and a human begins the next one.
@Suite(.timeLimit(.minutes(4)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `A session that is proved to be over` {
    private struct Proof: Sendable {
        let text: String
        let reason: String
    }

    private static let proofs = [
        Proof(text: "Refresh token replayed", reason: "token-dead"),
        Proof(text: "Session expired", reason: "session-ended"),
        Proof(text: "Refresh token expired", reason: "session-ended"),
        Proof(text: "Token was not issued to this client", reason: "token-dead"),
        Proof(
            text: "The session was initiated with a different key than the client assertion currently used",
            reason: "token-dead"
        ),
        Proof(text: "DPoP proof does not match the expected JKT", reason: "token-dead"),
    ]

    @Test func `asks for a login once, also after a restart, and takes it without one`() async throws {
        await sideBySide(Self.proofs, atMost: 3) {
            $0.text
        } _: { proof in
            let trial = try await SessionTrial(proof.text)
            try await trial.expectMessage("Before")
            await trial.strikes(.respond(.tokenError("invalid_grant", proof.text)), on: SessionTrial.token)
            try await trial.expectAlarm(proof.reason)
            try trial.stage.ask("Meanwhile")
            try await trial.expectSilence(proof.reason, refreshResult: proof.reason)
            let first = Self.alarms(trial.process)
            #expect(first.count == 1, trial.story("\(first)"))
            await trial.end()

            let journal = trial.stage.network.journal
            trial.stage.network.faults.clear()
            let asked = journal.entries(matching: SessionTrial.token).count
            let process = try trial.stage.daemon.run()
            let line = await process.line(within: .seconds(60)) { $0.contains("session needs a human") }
            #expect(line?.contains("run=\"impact-notifier login\"") == true, "\(proof.text)\n\(tail(process))")
            #expect(line?.contains("reason=\(proof.reason)") == true, "\(proof.text)\n\(tail(process))")
            let isSilent = await trial.reader.shows(metric: "session_usable", "0")
            #expect(isSilent, "\(proof.text)\n\(tail(process))")
            let told = try await trial.expectAdvice()
            #expect(told["state"]?.string == "needs-login" && told["run"]?.string == "impact-notifier login", "\(told)")
            #expect(journal.entries(matching: SessionTrial.token).count == asked, "a token that is dead was shown")
            #expect(Self.alarms(process).count == 1, "\(proof.text)\n\(tail(process))")
            #expect(trial.stage.count("Meanwhile") == 0)

            try await trial.stage.daemon.logIn(within: .seconds(60))
            let usable = await process.line(within: .seconds(60)) { $0.contains("session is usable") }
            #expect(usable != nil, "\(proof.text)\n\(tail(process))")
            await trial.expectDelivery(of: "Meanwhile")
            #expect(await trial.reader.shows(metric: "session_usable", "1"), "\(proof.text)\n\(tail(process))")
            try await trial.expectAdvice()
            process.signal(SIGTERM)
            #expect(await process.ended(within: .seconds(60)) == .exited(0), tail(process))
        }
    }

    /// The ERROR lines of the session; the sender's own, that it is paused, is another.
    private static func alarms(_ process: ChildProcess) -> [String] {
        process.output.filter { $0.contains("level=error") && $0.contains("component=session") }
    }
}
