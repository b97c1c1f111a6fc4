internal import Crypto

/// Proof Key for Code Exchange with SHA-256 (RFC 7636).
struct PKCE: Sendable, Equatable {
    /// The `code_verifier`: 43 characters from 32 random octets.
    let verifier: String

    init() { verifier = SecureRandom.token(bytes: 32) }

    init(verifier: String) { self.verifier = verifier }

    /// The `code_challenge` for method `S256`.
    var challenge: String { Base64.urlEncode(Digest.sha256(verifier)) }
}
