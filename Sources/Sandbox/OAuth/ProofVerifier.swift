internal import ATProtocol
internal import Crypto
internal import Network
internal import Synchronization

/// Checks DPoP proofs for one origin as the reference server does, in its order (RFC 9449 §4.3).
final class ProofVerifier: Sendable {
    /// Why a proof is refused.
    struct Refusal: Error {
        /// `use_dpop_nonce` or `invalid_dpop_proof`.
        let code: String
        let message: String
        /// The proof's time is wrong; cocoon answers that in its own way.
        var isTime = false

        static func invalid(_ message: String) -> Refusal { Refusal(code: "invalid_dpop_proof", message: message) }
    }

    /// How far a proof's `iat` may be from the server's time, in seconds.
    struct Window: Sendable {
        let past: Double
        let future: Double

        static let reference = Window(past: 190, future: 180)
        static let cocoon = Window(past: 185, future: 5)
    }

    private static let replayWindow = 198.0
    private static let unverified = "Failed to verify DPoP proof: "

    private let origin: String
    private let nonces = NonceSequence()
    private let seen = Mutex<[String: Double]>([:])

    init(origin: String) { self.origin = origin }

    /// The nonce that responses carry.
    func nonce(at now: Double) -> String { nonces.current(at: now) }

    /// Checks the proof of a request.
    ///
    /// - Parameters:
    ///   - request: with its `DPoP` field.
    ///   - accessToken: what `ath` must be the hash of; nil where `ath` is forbidden.
    ///   - window: for `iat`.
    ///   - now: the server's time.
    /// - Returns: the thumbprint of the key that signed.
    /// - Throws: ``Refusal``.
    func verify(
        _ request: IncomingRequest,
        accessToken: String?,
        window: Window = .reference,
        at now: Double
    ) throws(Refusal) -> String {
        let fields = request.headers.values(of: "DPoP")
        guard let text = fields.first else { throw .invalid("DPoP proof required") }
        guard fields.count == 1 else { throw .invalid("DPoP header must contain a single proof") }
        let (key, claims) = try Self.open(text)
        try Self.checkTime(claims, window, now)
        guard let jti = claims["jti"]?.string, !jti.isEmpty else { throw .invalid("DPoP \"jti\" missing") }
        guard claims["htm"]?.string == request.method else { throw .invalid("DPoP \"htm\" mismatch") }
        guard claims["htu"]?.string == origin + request.path else { throw .invalid("DPoP \"htu\" mismatch") }
        guard let nonce = claims["nonce"]?.string else {
            throw Refusal(code: "use_dpop_nonce", message: "Authorization server requires nonce in DPoP proof")
        }
        guard nonces.accepts(nonce, at: now) else {
            throw Refusal(code: "use_dpop_nonce", message: "DPoP \"nonce\" mismatch")
        }
        if let accessToken {
            guard claims["ath"]?.string == Base64.urlEncode(Digest.sha256(accessToken)) else {
                throw .invalid("DPoP \"ath\" mismatch")
            }
        } else if claims["ath"] != nil {
            throw .invalid("DPoP \"ath\" claim not allowed")
        }
        guard remember(jti, at: now) else { throw .invalid("DPoP proof replayed") }
        return key.thumbprint
    }

    /// False when the identifier was seen within the window.
    private func remember(_ jti: String, at now: Double) -> Bool {
        seen.withLock { seen in
            if seen.count > 10_000 { seen = seen.filter { $0.value > now - Self.replayWindow } }
            if let time = seen[jti], time > now - Self.replayWindow { return false }
            seen[jti] = now
            return true
        }
    }

    private static func open(_ text: String) throws(Refusal) -> (key: PublicKey, claims: JSONValue) {
        guard let token = try? CompactJWS(parsing: text), let header = try? JSONValue(parsing: token.header),
            let claims = try? JSONValue(parsing: token.payload), claims.object != nil
        else { throw .invalid("Invalid DPoP proof") }
        guard header["typ"]?.string == "dpop+jwt" else {
            throw .invalid(unverified + "unexpected \"typ\" JWT header value")
        }
        guard header["alg"]?.string == "ES256" else {
            throw .invalid(unverified + "\"alg\" (Algorithm) Header Parameter value not allowed")
        }
        guard let jwk = header["jwk"], jwk["d"] == nil, let key = PublicKey(jwk: jwk) else {
            throw .invalid(unverified + "\"jwk\" (JSON Web Key) Header Parameter must be a public key")
        }
        guard token.isSigned(by: key) else { throw .invalid(unverified + "signature verification failed") }
        return (key, claims)
    }

    private static func checkTime(_ claims: JSONValue, _ window: Window, _ now: Double) throws(Refusal) {
        guard let issued = claims["iat"]?.integer.map(Double.init) else {
            throw .invalid(unverified + "missing required \"iat\" claim")
        }
        func failed(_ claim: String, _ reason: String) -> Refusal {
            let message = "\(unverified)\"\(claim)\" claim timestamp check failed\(reason)"
            return Refusal(code: "invalid_dpop_proof", message: message, isTime: true)
        }
        guard issued <= now + window.future else { throw failed("iat", " (it should be in the past)") }
        guard issued >= now - window.past else { throw failed("iat", " (too far in the past)") }
        if let expiry = claims["exp"]?.integer, Double(expiry) <= now { throw failed("exp", "") }
    }
}

extension PublicKey {
    /// The key of a P-256 JWK; nil when it is anything else.
    init?(jwk: JSONValue) {
        guard jwk["kty"]?.string == "EC", jwk["crv"]?.string == "P-256",
            let x = jwk["x"]?.string.flatMap({ Base64.urlDecode($0) }),
            let y = jwk["y"]?.string.flatMap({ Base64.urlDecode($0) }),
            let key = try? PublicKey(.p256, x: x, y: y)
        else { return nil }
        self = key
    }
}
