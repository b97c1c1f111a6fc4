internal import ATProtocol

/// A pushed authorization request between PAR and the token request.
struct AuthorizationRequest: Sendable {
    let proof: OAuthTokenStore.ClientProof
    let jkt: String
    let redirect: String
    let state: String?
    let scope: String
    let challenge: String
    let loginHint: String?
    let responseMode: String
    let expiresAt: Double
}

/// An authorization code that was handed to a browser.
struct AuthorizationCode: Sendable {
    let request: AuthorizationRequest
    let did: DID
    let expiresAt: Double
    /// The session that the code was exchanged for; a second use of the code ends it.
    var session: Int?
    /// An exchange burns the code, successful or not.
    var isBurnt = false
}
