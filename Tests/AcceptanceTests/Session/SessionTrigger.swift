import ATProtocol
import Network
import Sandbox
import Testing

/// Something that once ended sessions that lived on at the server, and stops the sending until it is over.
struct SessionTrigger: Sendable {
    let name: String
    var kind = SessionTrial.Kind.loopback
    /// Further variables of the daemon.
    var environment: [String: String] = [:]
    /// The stable reason that the operator is told.
    let reason: String
    /// The result that renewals of the tokens are counted under; nil when they go well.
    let result: String?
    /// Makes it happen.
    let strike: @Sendable (SessionTrial) async throws -> Void
    /// Ends it, once the operator was told.
    var mend: @Sendable (SessionTrial) async throws -> Void = { $0.stage.network.faults.clear() }
    /// Whether the message is asked for when all is mended, and only the session waits yet.
    var asksAfterwards = false

    private static let token = SessionTrial.token
    private static let always = SessionTrial.always

    /// A fault that is there until it is lifted.
    private static func lasting(_ fault: Fault, on pattern: String) -> @Sendable (SessionTrial) async throws -> Void {
        { await $0.strikes(fault, on: pattern) }
    }

    /// A fault that is there for so long after it has struck first.
    private static func brief(_ fault: Fault, on pattern: String, _ duration: Duration, in trial: SessionTrial) async {
        await trial.strikes(fault, on: pattern)
        trial.stage.network.faults.clear()
        trial.stage.network.faults.add(fault, on: pattern, lasting: duration)
    }

    static let all: [SessionTrigger] = [
        SessionTrigger(
            name: "a store of the authorization server that fails for three seconds",
            reason: "refresh-refused",
            result: "refresh-refused",
            strike: { await brief(.storeError, on: token, .seconds(3), in: $0) },
            mend: { _ in }
        ),
        SessionTrigger(
            name: "a store of authorization server and PDS that fails for three seconds",
            reason: "refresh-refused",
            result: "refresh-refused",
            strike: { await brief(.storeError, on: "", .seconds(3), in: $0) },
            mend: { _ in }
        ),
        SessionTrigger(
            name: "a page with status 200 at the token endpoint",
            reason: "unusable-answer",
            result: "unusable-answer",
            strike: lasting(.htmlPage, on: token)
        ),
        SessionTrigger(
            name: "a PDS that names another issuer for six seconds",
            reason: "token-refused",
            result: nil,
            strike: { trial in
                // The other one is there, and could be asked.
                let other = try await SandboxNetwork.start()
                let fault = Fault.misbehave(.otherIssuer(other.authorizationServer.issuer))
                let metadata = "pds GET /.well-known/oauth-protected-resource"
                trial.stage.network.faults.add(fault, on: metadata)
                trial.stage.network.faults.add(.storeError, on: "pds")
                let isDoubted = await holds(within: .seconds(60)) {
                    SessionTrial.session(of: trial.stage)?["setbacks"]?["home"] != nil
                }
                #expect(isDoubted, trial.story("nobody looked where the account lives"))
                trial.stage.network.faults.clear()
                trial.stage.network.faults.add(.storeError, on: "pds", lasting: .seconds(6))
                trial.stage.network.faults.add(fault, on: metadata, lasting: .seconds(6))
            },
            mend: { _ in }
        ),
        SessionTrigger(
            name: "a PDS that refuses fresh tokens",
            reason: "token-refused",
            result: nil,
            strike: lasting(.storeError, on: "pds")
        ),
        SessionTrigger(
            name: "a proxy's 401 without JSON before the token endpoint",
            reason: "refused-without-reason",
            result: "refused-without-reason",
            strike: lasting(.proxy401, on: token)
        ),
        SessionTrigger(
            name: "a proxy's 401 with a page before the token endpoint",
            reason: "refused-without-reason",
            result: "refused-without-reason",
            strike: lasting(.proxy401HTML, on: token)
        ),
        SessionTrigger(
            name: "a token endpoint that is gone before the metadata name another",
            reason: "token-endpoint-gone",
            result: "token-endpoint-gone",
            strike: lasting(.html404, on: token),
            mend: { trial in
                trial.stage.network.faults.clear()
                trial.stage.network.faults.add(.misbehave(.movedTokenEndpoint(status: 410)))
            }
        ),
        SessionTrigger(
            name: "a proxy's 401 before refreshSession of an app password",
            kind: .appPassword,
            reason: "refused-without-reason",
            result: "refused-without-reason",
            strike: lasting(.proxy401, on: "com.atproto.server.refreshSession")
        ),
        SessionTrigger(
            name: "a proxy's 401 before createSession of an app password",
            kind: .appPassword,
            reason: "refused-without-reason",
            result: "refused-without-reason",
            strike: { trial in
                let ended = Fault.respond(.xrpcError(400, "ExpiredToken", "Token has been revoked"))
                trial.stage.network.faults.add(ended, on: "com.atproto.server.refreshSession", count: always)
                await trial.strikes(.proxy401HTML, on: "com.atproto.server.createSession")
            }
        ),
    ]

    /// A clock of the daemon's machine that is thirty days ahead while it is refused, and right again.
    static func wrongClock(_ clock: MachineClock) -> SessionTrigger {
        SessionTrigger(
            name: "a clock that is thirty days ahead, and right again",
            environment: clock.environment,
            reason: "refused-without-reason",
            result: "refused-without-reason",
            strike: { trial in
                // What the ledger holds is dated before.
                let delivery = await trial.process.line(within: .seconds(60)) { $0.contains("message delivered") }
                #expect(delivery != nil, trial.story("nothing was delivered"))
                try clock.set(30 * 86_400)
                await trial.strikes(.proxy401, on: token)
            },
            mend: { trial in
                trial.stage.network.faults.clear()
                try clock.set(0)
                // By the right clock the access token may serve for some seconds more; the file holds whole ones.
                let isEnded = await holds(within: .seconds(20)) {
                    let end = SessionTrial.session(of: trial.stage)?["expires_at"]?.integer ?? 0
                    return SystemClock().now().seconds > Double(end + 1)
                }
                #expect(isEnded, trial.story("the access token does not end"))
            },
            asksAfterwards: true
        )
    }
}

extension HTTPResponse {
    /// An error as PDSes write it: `{error, message}`.
    static func xrpcError(_ status: Int, _ name: String, _ message: String) -> HTTPResponse {
        let body = "{\"error\":\"\(name)\",\"message\":\"\(message)\"}"
        return HTTPResponse(status: status, headers: ["Content-Type": "application/json"], body: Array(body.utf8))
    }

    /// An error as token endpoints write it (RFC 6749 §5.2).
    static func tokenError(_ code: String, _ description: String) -> HTTPResponse {
        let body = "{\"error\":\"\(code)\",\"error_description\":\"\(description)\"}"
        return HTTPResponse(status: 400, headers: ["Content-Type": "application/json"], body: Array(body.utf8))
    }
}
