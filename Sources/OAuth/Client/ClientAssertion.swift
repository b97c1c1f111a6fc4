internal import ATProtocol
internal import Crypto
internal import Network

/// A signed JWT with which a confidential client authenticates itself (RFC 7523 §3).
enum ClientAssertion {
    /// The lifetime in seconds; the reference server allows no more.
    static let lifetime: Int64 = 60

    static func make(
        _ id: String,
        _ key: ClientKey,
        audience: String,
        at now: UnixTime
    ) throws(CryptoError) -> String {
        let issuedAt = ProofTime.issuedAt(now)
        let header: JSONValue = ["alg": "ES256", "typ": "JWT", "kid": .string(key.id)]
        let claims: JSONValue = [
            "iss": .string(id), "sub": .string(id), "aud": .string(audience),
            "jti": .string(SecureRandom.token(bytes: 16)),
            "iat": .integer(issuedAt), "exp": .integer(issuedAt + lifetime),
        ]
        return try CompactJWS(header: header.encoded, payload: claims.encoded, signedBy: key.key).text
    }
}
