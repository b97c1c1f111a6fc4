internal import Crypto

/// DPoP nonces of one origin: a new one each minute, the one before and the one after are accepted too.
///
/// What a client is given is the next one, so that it lives between two and three minutes.
struct NonceSequence: Sendable {
    private static let period = 60.0

    private let secret = SecureRandom.bytes(32)

    /// The nonce to hand out.
    func current(at now: Double) -> String { nonce(Int64(now / Self.period) + 1) }

    /// Whether a nonce is accepted.
    func accepts(_ text: String, at now: Double) -> Bool {
        (-1...1).contains { nonce(Int64(now / Self.period) + $0) == text }
    }

    private func nonce(_ counter: Int64) -> String {
        Base64.urlEncode(Digest.hmacSHA256(key: secret, Array(String(counter).utf8)))
    }
}
