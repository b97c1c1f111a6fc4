internal import ATProtocol
internal import Crypto
internal import Network

/// A DPoP proof for one HTTP request (RFC 9449 §4.2).
enum DPoPProof {
    /// Signs a proof with a new `jti`, the server's time and the newest nonce from its origin.
    ///
    /// The access token is bound (`ath`) for a resource server only; the authorization server rejects `ath`.
    static func make(
        _ method: HTTPRequest.Method,
        _ url: WebURL,
        key: SigningKey,
        at now: UnixTime,
        nonce: String?,
        accessToken: String?
    ) throws(CryptoError) -> String {
        let header: JSONValue = ["typ": "dpop+jwt", "alg": "ES256", "jwk": JSONWebKey.json(key.publicKey)]
        var claims: [String: JSONValue] = [
            "jti": .string(SecureRandom.token(bytes: 16)),
            "htm": .string(method.rawValue),
            "htu": .string(target(url)),
            "iat": .integer(ProofTime.issuedAt(now)),
        ]
        if let nonce { claims["nonce"] = .string(nonce) }
        if let accessToken { claims["ath"] = .string(Base64.urlEncode(Digest.sha256(accessToken))) }
        return try CompactJWS(header: header.encoded, payload: JSONValue.object(claims).encoded, signedBy: key).text
    }

    /// The value of `htu`: scheme, host, explicit port and path, without query (RFC 9449 §4.2).
    static func target(_ url: WebURL) -> String { url.origin + url.path }
}
