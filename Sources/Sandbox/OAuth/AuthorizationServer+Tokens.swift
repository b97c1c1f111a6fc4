internal import ATProtocol
internal import Crypto
internal import Network
internal import Synchronization

/// The token endpoint.
extension AuthorizationServer {
    func exchange(_ request: IncomingRequest, jkt: String) throws(Refusal) -> HTTPResponse {
        let form = Form(request)
        let client = try client(form.value("client_id"))
        let proof = try authenticate(form, of: client)
        switch try form.value("grant_type") {
        case "authorization_code": return try redeem(form, proof, jkt)
        case "refresh_token": return try refresh(form, proof, jkt)
        case let other:
            throw Refusal(code: "unsupported_grant_type", message: "Grant type \"\(other)\" is not supported")
        }
    }

    /// Exchanges a code: one try, whether it succeeds or not (facts/oauth.md §3.3).
    private func redeem(
        _ form: Form,
        _ proof: OAuthTokenStore.ClientProof,
        _ jkt: String
    ) throws(Refusal) -> HTTPResponse {
        let code = try form.value("code")
        let found = state.withLock { state in
            let found = state.codes[code]
            state.codes[code]?.isBurnt = true
            return found
        }
        guard let found, !found.isBurnt else {
            if let session = found?.session { tokens.end(session) }
            throw Self.badGrant("Invalid code")
        }
        let now = clock.now()
        guard now < found.expiresAt else { throw Self.badGrant("This code has expired") }
        guard found.request.proof == proof else { throw Self.badGrant("This code was not issued for this client") }
        guard form["redirect_uri"] == found.request.redirect else {
            throw Self.badGrant("The redirect_uri does not match the one of the request")
        }
        let verifier = try form.value("code_verifier")
        guard verifier.utf8.count >= 43 else { throw Self.badGrant("code_verifier too short") }
        guard Base64.urlEncode(Digest.sha256(verifier)) == found.request.challenge else {
            throw Self.badGrant("Invalid code_verifier")
        }
        guard found.request.jkt == jkt else { throw Self.badGrant("DPoP proof does not match the expected JKT") }
        let (session, issued) = tokens.begin(found.did, proof, jkt: jkt, scope: found.request.scope, at: now)
        state.withLock { $0.codes[code]?.session = session }
        return answer(issued)
    }

    private func refresh(
        _ form: Form,
        _ proof: OAuthTokenStore.ClientProof,
        _ jkt: String
    ) throws(Refusal) -> HTTPResponse {
        let token = try form.value("refresh_token")
        let isCocoon = state.withLock(\.personality) == .cocoon
        do {
            return answer(try tokens.refresh(token, proof, jkt: jkt, at: clock.now(), deletesOnError: !isCocoon))
        } catch {
            guard isCocoon else { throw Self.badGrant(error.message) }
            // cocoon:server/handle_oauth_token.go knows no invalid_grant.
            let isWrongKey = error.message.contains("JKT")
            throw Refusal(code: isWrongKey ? "dpop proof does not match expected jkt" : "\"client_id\" mismatch")
        }
    }

    private static func badGrant(_ message: String) -> Refusal { Refusal(code: "invalid_grant", message: message) }

    private func answer(_ issued: OAuthTokenStore.Issued) -> HTTPResponse {
        .json([
            "access_token": .string(issued.accessToken), "token_type": "DPoP",
            "refresh_token": .string(issued.refreshToken), "scope": .string(issued.scope),
            "expires_in": .integer(Int64(issued.expiresIn)), "sub": .string(issued.did.text),
        ])
    }
}
