internal import ATProtocol
internal import Crypto

/// Makes access tokens: JWTs of the type `at+jwt` (RFC 9068), with the claims of the reference server.
struct AccessTokenSigner: Sendable {
    // Written out, not encoded: the reference's begin with `typ`, and secrets.sh knows the text.
    private static let header = Array(#"{"typ":"at+jwt","alg":"ES256","kid":"sandbox"}"#.utf8)

    private let issuer: String
    private let key: SigningKey

    /// A signer with a new key.
    ///
    /// - Throws: ``SandboxError`` when no key can be made.
    init(issuer: String) throws(SandboxError) {
        self.issuer = issuer
        do { key = try SigningKey(.p256) } catch { throw SandboxError("\(error)") }
    }

    /// The key set of `/oauth/jwks`.
    var jwks: JSONValue {
        let key = self.key.publicKey
        return [
            "keys": [
                [
                    "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "sandbox",
                    "x": .string(Base64.urlEncode(key.x)), "y": .string(Base64.urlEncode(key.y)),
                ]
            ]
        ]
    }

    /// The token of a session, valid until a time in seconds since the Unix epoch.
    ///
    /// - Throws: ``CryptoError``.
    func token(for session: OAuthTokenStore.Session, at now: Double, until end: Double) throws(CryptoError) -> String {
        let claims: JSONValue = [
            "iss": .string(issuer), "aud": "did:web:pds.sandbox.test", "jti": .string(PlantedSecret.tokenIdentifier()),
            "sub": .string(session.did.text), "client_id": .string(session.proof.clientID),
            "iat": .integer(Int64(now)), "exp": .integer(Int64(end)), "cnf": ["jkt": .string(session.jkt)],
        ]
        return try CompactJWS(header: Self.header, payload: claims.encoded, signedBy: key).text
    }
}
