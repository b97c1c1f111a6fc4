import ATProtocol
import Sandbox
import Testing

/// Guards invariant 13 for the files of earlier versions, whose verdicts rest on less than proof.
@Suite(.timeLimit(.minutes(4)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `A stored verdict without proof` {
    /// What an earlier version wrote.
    private struct Verdict: Sendable {
        var kind = SessionTrial.Kind.loopback
        var state = "needs-login"
        let reason: String
        let detail: String
    }

    private static let verdicts = [
        Verdict(reason: "token-dead", detail: "invalid_grant: Invalid refresh token"),
        Verdict(reason: "lost-in-crash", detail: "invalid_grant: Invalid refresh token"),
        Verdict(reason: "refused-without-reason", detail: "four times the same answer: status 401 "),
        Verdict(reason: "token-refused", detail: "Invalid token"),
        Verdict(reason: "migrated", detail: "the account moved from https://as.test to https://as2.test"),
        Verdict(
            state: "quarantined",
            reason: "unusable-answer",
            detail: "a refresh was answered without tokens; see session.answer.txt"
        ),
        Verdict(
            kind: .appPassword,
            reason: "password-refused",
            detail: "AuthenticationRequired: Invalid identifier or password"
        ),
    ]

    @Test func `is asked about at the start, and heals without a human`() async throws {
        await sideBySide(Self.verdicts, atMost: 3) {
            $0.reason
        } _: { verdict in
            let trial = try await SessionTrial(verdict.reason, verdict.kind) { stage in
                var members = SessionTrial.session(of: stage)?.object ?? [:]
                members["state"] = .string(verdict.state)
                members["last_error"] = ["reason": .string(verdict.reason), "detail": .string(verdict.detail)]
                try stage.daemon.replaceState("session.json", JSONValue.object(members).encodedText)
            }
            let told = await trial.process.line(within: .seconds(20)) { $0.contains("reason=\(verdict.reason)") }
            #expect(told != nil, trial.story("nobody told of it"))
            let usable = await trial.process.line(within: .seconds(60)) { $0.contains("session is usable") }
            #expect(usable != nil, trial.story("it did not heal"))
            try await trial.expectMessage("After all")
            try await trial.expectLife()
            await trial.end()
        }
    }
}
