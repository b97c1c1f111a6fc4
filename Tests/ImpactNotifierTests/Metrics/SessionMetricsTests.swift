import ATProtocol
import TestSupport
import Testing

@testable import ImpactNotifier
@testable import OAuth

@Suite struct `The metrics of a session` {
    private static func status(_ state: SessionState = .ok) throws -> SessionStatus {
        SessionStatus(
            kind: .confidential,
            account: try DID("did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"),
            canSendMessages: true,
            canPost: true,
            generation: 3,
            refreshedAt: 1000,
            accessExpiresAt: 4600,
            endsAt: 63_000_000,
            state: state,
            renewals: ["ok": 3]
        )
    }

    private func lines(_ status: SessionStatus) -> [String] {
        PrometheusExposition.classic.render(SessionMetrics(status).families).split(separator: "\n").map(String.init)
            .filter { !$0.hasPrefix("#") }
    }

    @Test func `say when it was renewed, when the token and the session end, and that it can send`() throws {
        #expect(
            lines(try Self.status()) == [
                "impact_notifier_session_usable 1", "impact_notifier_session_expiry_timestamp_seconds 63000000",
                "impact_notifier_oauth_token_expiry_timestamp_seconds 4600",
                "impact_notifier_oauth_refresh_success_timestamp_seconds 1000",
                #"impact_notifier_oauth_refresh_total{result="ok"} 3"#,
            ]
        )
    }

    @Test func `say that nothing can be sent, whatever the state is called`() throws {
        var status = try Self.status(.degraded(SessionProblem(.storage, "full")))
        status.sendObstacle = SendObstacle("the access token has ended", remedy: nil)
        status.renewals = ["ok": 0, "unreachable": 2, "storage": 1]
        let lines = lines(status)
        #expect(lines.first == "impact_notifier_session_usable 0")
        #expect(
            lines.suffix(3) == [
                #"impact_notifier_oauth_refresh_total{result="ok"} 0"#,
                #"impact_notifier_oauth_refresh_total{result="storage"} 1"#,
                #"impact_notifier_oauth_refresh_total{result="unreachable"} 2"#,
            ]
        )
    }

    @Test func `hold no end that nobody knows, or that does not come`() throws {
        var status = try Self.status()
        (status.accessExpiresAt, status.endsAt) = (nil, nil)
        #expect(!lines(status).contains { $0.contains("expiry") })
    }

    @Test(arguments: [
        SessionState.needsLogin(SessionProblem(.neverLoggedIn, "")), .quarantined(SessionProblem(.unusableAnswer, "")),
    ])
    func `hold no time of a session that is over`(state: SessionState) throws {
        #expect(!lines(try Self.status(state)).contains { $0.contains("timestamp") })
    }

    @Test func `let a session that is over end with the access token that still serves`() throws {
        var status = try Self.status(.needsLogin(SessionProblem(.tokenDead, "")))
        status.servesUntil = 4600
        let lines = lines(status)
        #expect(lines.contains("impact_notifier_session_usable 1"))
        #expect(lines.contains("impact_notifier_session_expiry_timestamp_seconds 4600"))
        #expect(lines.contains("impact_notifier_oauth_token_expiry_timestamp_seconds 4600"))
    }

    @Test func `are explained`() throws {
        #expect(SessionMetrics(try Self.status()).families.allSatisfy { !$0.help.isEmpty })
    }
}
