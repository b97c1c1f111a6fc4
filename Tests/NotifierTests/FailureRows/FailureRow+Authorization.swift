import Network
import Sandbox

@testable import Notifier

/// Rows 3 to 10: who the sender is, and what they may do.
extension FailureRow {
    private static func challenge(_ code: String, _ message: String) -> HTTPResponse {
        named(401, code, message, ["WWW-Authenticate": #"DPoP algs="ES256", error="\#(code)""#])
    }

    private static func refresh(_ reason: Reason) -> Sign { .attempt(.sendMessage, .refresh, reason) }
    private static func pause(_ reason: Reason) -> Sign { .attempt(.sendMessage, .pause, reason) }

    private static let nonce = challenge(
        "use_dpop_nonce",
        "Authorization server requires nonce in DPoP proof"
    )
    private static let expired = challenge("invalid_token", "Token expired at 2026-11-22T00:00:00.000Z")
    private static let replayed = challenge("invalid_dpop_proof", "DPoP proof replayed")

    private static let credentials: [FailureRow] = [
        FailureRow(3, "no proof has a nonce yet", session: .oauth, .nothing, .delivered) { _ in },
        FailureRow(3, nonce, refresh(.nonceRejected), .delivered),
        FailureRow(3, nonce, times: 10, refresh(.nonceRejected), .paused),
        FailureRow(4, expired, session: .oauth, .nothing, .delivered),
        FailureRow(4, expired, refresh(.tokenRejected), .delivered),
        FailureRow(4, expired, times: 10, refresh(.tokenRejected), .paused),
        FailureRow(
            4,
            answer(401, "", ["WWW-Authenticate": #"DPoP error="invalid_token""#]),
            refresh(.tokenRejected),
            .delivered
        ),
        FailureRow(
            5,
            "the server proves that the session is over",
            session: .oauth,
            .attempt(.openConversation, .pause, .loginRequired),
            .paused
        ) { stage in
            stage.network.authorizationServer.revokeSessions(of: stage.bot.did)
            let proof = answer(400, #"{"error":"invalid_grant","error_description":"Refresh token replayed"}"#)
            stage.network.faults.add(.respond(proof), on: "/oauth/token")
        },
        FailureRow(
            1,
            "the grant was revoked, which no answer proves",
            session: .oauth,
            .attempt(.openConversation, .retry, .sessionUnavailable),
            .held
        ) { $0.network.authorizationServer.revokeSessions(of: $0.bot.did) },
        FailureRow(6, replayed, refresh(.proofRejected), .delivered),
        FailureRow(6, replayed, times: 10, refresh(.proofRejected), .paused),
        FailureRow(
            6,
            replayed,
            session: .oauth,
            .attempt(.sendMessage, .verify, .outcomeUnknown),
            .delivered
        ),
    ]

    private static let malformed: [FailureRow] = [
        FailureRow(
            7,
            "a DPoP token as Bearer",
            session: .oauth,
            .attempt(.openConversation, .pause, .authorizationMalformed),
            .paused
        ) { stage in
            stage.client.change("chat.bsky", times: 1000) { request in
                request.headers["Authorization"] = request.headers["Authorization"]?.replacing("DPoP ", with: "Bearer ")
                request.headers["DPoP"] = nil
            }
        },
        FailureRow(7, "no authorization", pause(.authorizationMalformed), .delivered) { stage in
            stage.client.change("sendMessage") { $0.headers["Authorization"] = nil }
        },
        FailureRow(7, "an unknown scheme", pause(.authorizationMalformed), .delivered) { stage in
            stage.client.change("sendMessage") { $0.headers["Authorization"] = "Basic YTpi" }
        },
        FailureRow(7, "half a header", pause(.authorizationMalformed), .delivered) { stage in
            stage.client.change("sendMessage") { $0.headers["Authorization"] = "Bearer" }
        },
        FailureRow(
            8,
            "an app password without messages",
            session: .unprivileged,
            .attempt(.openConversation, .pause, .scopeMissing),
            .paused
        ) { _ in },
        FailureRow(7, named(400, "InvalidToken", "Malformed token"), pause(.authorizationMalformed), .delivered),
        FailureRow(7, named(400, "InvalidToken", "Bad token scope"), pause(.authorizationMalformed), .delivered),
    ]

    private static let missing =
        #"Missing required scope \"rpc:chat.bsky.convo.sendMessage?aud=did:web:api.bsky.chat%23bsky_chat\""#

    private static let permission: [FailureRow] = [
        FailureRow(8, named(403, "ScopeMissingError", missing), pause(.scopeMissing), .delivered),
        FailureRow(8, named(403, "Forbidden", missing), pause(.scopeMissing), .delivered),
        FailureRow(8, named(403, "ScopeMissingError", missing), session: .oauth, pause(.scopeMissing), .paused),
        FailureRow(
            9,
            named(401, "JwtExpired", "jwt expired"),
            times: 10,
            .attempt(.sendMessage, .retry, .serviceTokenRejected),
            .paused
        ),
        FailureRow(10, "taken down, of which no call to the chat tells", .nothing, .delivered) {
            $0.network.setStatus("takendown", of: $0.bot)
        },
        FailureRow(
            10,
            named(401, "AccountTakedown", "Account has been taken down"),
            pause(.senderAccountInactive),
            .delivered
        ),
        FailureRow(
            10,
            named(401, "AccountDeactivated", "Account is deactivated"),
            pause(.senderAccountInactive),
            .delivered
        ),
        FailureRow(
            10,
            named(403, "AccountNotFound", "Account not found"),
            pause(.senderAccountInactive),
            .delivered
        ),
    ]

    private static let serviceTokens = [
        "BadJwt", "BadJwtType", "BadJwtAudience", "BadJwtLexiconMethod", "BadJwtIss", "BadJwtSignature", "JwtExpired",
        "MissingJwt", "UntrustedIss",
    ]

    static let authorization: [FailureRow] =
        credentials + malformed + permission
        + serviceTokens.map {
            FailureRow(9, named(401, $0, "jwt"), .attempt(.sendMessage, .retry, .serviceTokenRejected), .delivered)
        }
}
