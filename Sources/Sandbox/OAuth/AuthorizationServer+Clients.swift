internal import ATProtocol
internal import Crypto
internal import Network
internal import Synchronization

/// Who the client is, and whether it is the one.
extension AuthorizationServer {
    private static let assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    /// `CLIENT_ASSERTION_MAX_AGE` of the reference server.
    private static let assertionAge = 60.0

    /// Checks the client's assertion (RFC 7523 §3); a public client has none.
    func authenticate(
        _ form: Form,
        of client: OAuthClientInformation
    ) throws(Refusal) -> OAuthTokenStore.ClientProof {
        guard client.isConfidential else {
            guard form["client_assertion"] == nil else {
                throw Refusal(code: "invalid_client", message: "This client has no key to sign an assertion with")
            }
            return OAuthTokenStore.ClientProof(clientID: client.id, kid: nil, keyThumbprint: nil)
        }
        guard form["client_assertion_type"] == Self.assertionType, let text = form["client_assertion"] else {
            let message = "client authentication method \"private_key_jwt\" required a \"client_assertion\""
            throw Refusal(code: "invalid_request", message: message)
        }
        let (kid, key, claims) = try verified(text, client)
        let now = clock.now().seconds
        try checkClaims(claims, client, now)
        guard let jti = claims["jti"]?.string else { throw Self.badAssertion("missing required \"jti\" claim") }
        let isNew = state.withLock { state in
            state.assertions = state.assertions.filter { $0.value > now - 2 * Self.assertionAge }
            guard state.assertions[jti] == nil else { return false }
            state.assertions[jti] = now
            return true
        }
        guard isNew else { throw Refusal(code: "invalid_grant", message: "private_key_jwt jti reused") }
        return OAuthTokenStore.ClientProof(clientID: client.id, kid: kid, keyThumbprint: key.thumbprint)
    }

    private static func badAssertion(_ reason: String) -> Refusal {
        Refusal(code: "invalid_client", message: "Validation of \"client_assertion\" failed: \(reason)")
    }

    private func verified(
        _ text: String,
        _ client: OAuthClientInformation
    ) throws(Refusal) -> (kid: String, key: PublicKey, claims: JSONValue) {
        guard let token = try? CompactJWS(parsing: text), let header = try? JSONValue(parsing: token.header),
            let claims = try? JSONValue(parsing: token.payload)
        else { throw Self.badAssertion("not a JWT") }
        guard header["alg"]?.string == "ES256", let kid = header["kid"]?.string, let key = client.keys[kid] else {
            throw Self.badAssertion("no applicable key found in the JSON Web Key Set")
        }
        guard token.isSigned(by: key) else { throw Self.badAssertion("signature verification failed") }
        return (kid, key, claims)
    }

    private func checkClaims(
        _ claims: JSONValue,
        _ client: OAuthClientInformation,
        _ now: Double
    ) throws(Refusal) {
        guard claims["iss"]?.string == client.id, claims["sub"]?.string == client.id else {
            throw Self.badAssertion("unexpected \"iss\" or \"sub\" claim value")
        }
        let audiences = claims["aud"]?.array?.compactMap(\.string) ?? [claims["aud"]?.string].compactMap(\.self)
        guard audiences.contains(issuer) else { throw Self.badAssertion("unexpected \"aud\" claim value") }
        guard let issued = claims["iat"]?.integer.map(Double.init) else {
            throw Self.badAssertion("missing required \"iat\" claim")
        }
        let tolerance = state.withLock(\.personality) == .cocoon ? 30.0 : 0
        // The reference compares whole seconds.
        guard issued <= now.rounded(.down) + tolerance else {
            throw Self.badAssertion("\"iat\" claim timestamp check failed (it should be in the past)")
        }
        guard now - issued <= Self.assertionAge else {
            throw Self.badAssertion("\"iat\" claim timestamp check failed (too far in the past)")
        }
        if let expiry = claims["exp"]?.integer, Double(expiry) <= now {
            throw Self.badAssertion("\"exp\" claim timestamp check failed")
        }
    }
}
