import FoundationEssentials
import Testing

@testable import OAuth

/// What an operator is told, and where it is documented.
@Suite struct `The reasons of a session's state` {
    static let all = [
        SessionProblem.Reason.neverLoggedIn, .tokenDead, .lostInCrash, .tokenRefused, .sessionEnded, .scope,
        .wrongSubject,
        .migrated, .passwordRefused, .refreshRefused, .endpointGone, .unrecognizedRefusal, .otherAccount, .otherClient,
        .otherKey, .keyBinding, .clientRefused, .proofRefused, .notPrivileged, .fileUnusable, .credentials,
        .unusableAnswer, .nonce, .clock, .clientMetadata, .ambiguous, .signInUnavailable, .unreachable, .rateLimited,
        .storage, .unsaved, .lockBusy, .account,
    ]

    private func page() throws -> String {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return try String(contentsOfFile: "/\(root)/docs/oauth.md", encoding: .utf8)
    }

    @Test(arguments: all) func `have a command that helps, which is never the one that shows them`(
        reason: SessionProblem.Reason
    ) {
        let problem = SessionProblem(reason, "")
        for state in [
            SessionState.degraded(problem), .needsLogin(problem), .misconfigured(problem), .quarantined(problem),
        ] {
            #expect(state.remedy?.hasPrefix("impact-notifier ") == true)
            #expect(state.remedy?.contains("session status") == false)
        }
    }

    @Test(arguments: all) func `have a row on the page about the session`(reason: SessionProblem.Reason) throws {
        #expect(
            try page().split(separator: "\n").contains { $0.hasPrefix("| ") && $0.contains("`\(reason.rawValue)`") }
        )
    }

    @Test(arguments: ProofOfEnd.allCases) func `rest on proofs that the page lists`(proof: ProofOfEnd) throws {
        #expect(try page().contains(proof.rawValue))
    }
}
