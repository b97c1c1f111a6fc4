import Network

@testable import OAuth

extension `A refresh, row by row of the failure table` {
    static let nonce: HTTPHeaders = ["DPoP-Nonce": "n1"]
    static let otherNonce: HTTPHeaders = ["DPoP-Nonce": "n2"]
    static let late =
        "Invalid \"client_assertion\": \"iat\" claim timestamp check failed (it should be in the past)"

    static let rows =
        [
            Row(
                number: 1,
                what: "a nonce is wanted, and given",
                answers: [.error(400, "use_dpop_nonce", headers: nonce), .tokens(1)],
                state: "ok",
                reason: nil,
                requests: 2,
                generation: 1
            ),
            Row(
                number: 1,
                what: "a second new nonce is wanted",
                answers: [
                    .error(400, "use_dpop_nonce", headers: nonce), .error(400, "use_dpop_nonce", headers: otherNonce),
                ],
                state: "degraded",
                reason: .nonce,
                requests: 2,
                wait: 30...60
            ),
            Row(
                number: 3,
                what: "a nonce is wanted and none is given",
                answers: [.error(400, "use_dpop_nonce")],
                state: "degraded",
                reason: .nonce,
                requests: 1,
                wait: 30...60
            ),
            Row(
                number: 6,
                what: "the proof's time is wrong once",
                answers: [
                    .error(401, "invalid_dpop_proof", "DPoP proof: \"iat\" claim timestamp check failed (x)"),
                    .tokens(1),
                ],
                state: "ok",
                reason: nil,
                requests: 2,
                generation: 1
            ),
            Row(
                number: 6,
                what: "the proof's time stays wrong",
                answers: [.error(401, "invalid_dpop_proof", "DPoP proof: \"iat\" claim timestamp check failed (x)")],
                state: "degraded",
                reason: .clock,
                requests: 2,
                wait: 30...60
            ),
            Row(
                number: 7,
                what: "the proof does not fit the URL",
                answers: [.error(401, "invalid_dpop_proof", "DPoP \"htu\" mismatch")],
                state: "misconfigured",
                reason: .proofRefused,
                requests: 1,
                isServed: false,
                wait: 890...900
            ),
            Row(
                number: 8,
                what: "the proof was seen before, and the session lives",
                answers: [.error(401, "invalid_dpop_proof", "DPoP proof replayed"), .tokens(1)],
                state: "ok",
                reason: nil,
                requests: 2,
                generation: 1
            ),
            Row(
                number: 8,
                what: "the proof was seen before, and the token was spent",
                answers: [
                    .error(401, "invalid_dpop_proof", "DPoP proof replayed"),
                    .error(400, "invalid_grant", "Refresh token replayed"),
                ],
                state: "needs-login",
                reason: .tokenDead,
                requests: 2
            ),
            Row(
                number: 9,
                what: "the assertion's time is wrong once",
                answers: [.error(400, "invalid_client", late), .tokens(1)],
                state: "ok",
                reason: nil,
                requests: 2,
                generation: 1
            ),
            Row(
                number: 9,
                what: "the assertion's time stays wrong",
                answers: [.error(400, "invalid_client", late)],
                state: "degraded",
                reason: .clock,
                requests: 2,
                wait: 30...60
            ),
            Row(
                number: 10,
                what: "the hosted key is not ours",
                answers: [.error(400, "invalid_client", "no applicable key found in the JSON Web Key Set")],
                state: "misconfigured",
                reason: .clientRefused,
                requests: 1,
                isServed: false,
                wait: 890...900
            ),
            Row(
                number: 11,
                what: "the hosted metadata cannot be fetched",
                answers: [.error(400, "invalid_client_metadata", "Unable to obtain client metadata")],
                state: "degraded",
                reason: .clientMetadata,
                requests: 1,
                wait: 30...60
            ),
            Row(
                number: 12,
                what: "the assertion was seen before, once",
                answers: [.error(400, "invalid_grant", "private_key_jwt jti reused"), .tokens(1)],
                state: "ok",
                reason: nil,
                requests: 2,
                generation: 1
            ),
            Row(
                number: 12,
                what: "the assertion was seen before, and the token is refused without proof",
                answers: [
                    .error(400, "invalid_grant", "private_key_jwt jti reused"),
                    .error(400, "invalid_grant", "Invalid refresh token"),
                ],
                state: "degraded",
                reason: .refreshRefused,
                requests: 2,
                wait: 55...60
            ),
        ] + proofs + [
            Row(
                number: 13,
                what: "the token is refused without proof",
                answers: [.error(400, "invalid_grant", "Invalid refresh token")],
                state: "degraded",
                reason: .refreshRefused,
                requests: 1,
                wait: 55...60
            ),
            Row(
                number: 13,
                what: "the request is refused without proof",
                answers: [.error(400, "invalid_grant", "Invalid request payload")],
                state: "degraded",
                reason: .refreshRefused,
                requests: 1,
                wait: 55...60
            ),
            Row(
                number: 14,
                what: "the answer is lost, and the token was not spent",
                answers: [.lost(mayHaveBeenSent: true), .tokens(1)],
                state: "ok",
                reason: nil,
                requests: 2,
                generation: 1
            ),
            Row(
                number: 14,
                what: "the answer is lost, and the token was spent",
                answers: [.lost(mayHaveBeenSent: true), .error(400, "invalid_grant", "Refresh token replayed")],
                state: "needs-login",
                reason: .tokenDead,
                requests: 2
            ),
            Row(
                number: 14,
                what: "the answer is lost twice",
                answers: [.lost(mayHaveBeenSent: true)],
                state: "degraded",
                reason: .ambiguous,
                requests: 2,
                wait: 2...5
            ),
            Row(
                number: 14,
                what: "the server fails",
                answers: [.error(502, "UpstreamFailure"), .tokens(1)],
                state: "ok",
                reason: nil,
                requests: 2,
                generation: 1
            ),
            Row(
                number: 15,
                what: "nothing was sent",
                answers: [.lost(mayHaveBeenSent: false)],
                state: "degraded",
                reason: .unreachable,
                requests: 1,
                wait: 2...5
            ),
            Row(
                number: 16,
                what: "too many requests, for ten minutes",
                answers: [.error(429, "RateLimitExceeded", headers: ["Retry-After": "600"])],
                state: "degraded",
                reason: .rateLimited,
                requests: 1,
                wait: 595...600
            ),
            Row(
                number: 16,
                what: "too many requests, for nobody says how long",
                answers: [.error(429, "RateLimitExceeded")],
                state: "degraded",
                reason: .rateLimited,
                requests: 1,
                wait: 55...60
            ),
            Row(
                number: 17,
                what: "no token endpoint is at the address, and none at another",
                answers: [.success(HTTPResponse(status: 404, body: Array("<html>".utf8)))],
                state: "degraded",
                reason: .endpointGone,
                requests: 1,
                wait: 55...60
            ),
            Row(
                number: 17,
                what: "a proxy wants a password",
                answers: [.success(HTTPResponse(status: 401, body: Array("<html>".utf8)))],
                state: "degraded",
                reason: .unrecognizedRefusal,
                requests: 1,
                wait: 55...60
            ),
            Row(
                number: 17,
                what: "a refusal that says nothing known",
                answers: [.error(400, "\"client_id\" mismatch")],
                state: "degraded",
                reason: .unrecognizedRefusal,
                requests: 1,
                wait: 55...60
            ),
            Row(
                number: 18,
                what: "200 with a page",
                answers: [.success(HTTPResponse(status: 200, body: Array("<html>".utf8)))],
                state: "degraded",
                reason: .unusableAnswer,
                requests: 1,
                wait: 55...60
            ),
            Row(
                number: 18,
                what: "200 with half of the tokens",
                answers: [.success(HTTPResponse(status: 200, body: Array(#"{"access_token":"access-1"}"#.utf8)))],
                state: "quarantined",
                reason: .unusableAnswer,
                requests: 1,
                isServed: false,
                wait: 55...60
            ),
            Row(
                number: 19,
                what: "tokens of another account",
                answers: [.tokens(1, sub: "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb")],
                state: "needs-login",
                reason: .wrongSubject,
                requests: 1,
                generation: 1,
                isServed: false
            ),
            Row(
                number: 19,
                what: "tokens without the base scope",
                answers: [.tokens(1, scope: "transition:chat.bsky")],
                state: "needs-login",
                reason: .wrongSubject,
                requests: 1,
                generation: 1,
                isServed: false
            ),
            Row(
                number: 20,
                what: "tokens that cannot send messages",
                answers: [.tokens(1, scope: "atproto")],
                state: "needs-login",
                reason: .scope,
                requests: 1,
                generation: 1,
                isServed: false
            ),
        ]
    /// Row 13: every text that proves a session to be over.
    private static let proofs = ProofOfEnd.allCases.map { proof in
        Row(
            number: 13,
            what: "the refusal proves the end: \(proof.rawValue)",
            answers: [.error(400, "invalid_grant", "x \(proof.rawValue) x")],
            state: "needs-login",
            reason: proof.isExpiry ? .sessionEnded : .tokenDead,
            requests: 1,
            isServed: false
        )
    }
}
