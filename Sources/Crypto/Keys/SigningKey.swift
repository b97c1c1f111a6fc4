internal import COpenSSL

/// A private key that signs.
///
/// The scalar leaves it only through ``scalar()``, for the file it is kept in.
public struct SigningKey: Sendable {
    /// The matching public key.
    public let publicKey: PublicKey
    private let handle: KeyHandle

    /// A new key.
    ///
    /// - Throws: ``CryptoFailure`` when OpenSSL has no randomness or no such curve.
    public init(_ curve: Curve = .p256) throws(CryptoFailure) {
        handle = try KeyHandle(generating: curve)
        publicKey = try PublicKey(curve, handle)
    }

    /// The key of a private scalar, 32 octets, big-endian; the public point is computed.
    ///
    /// - Throws: ``CryptoFailure`` when the scalar is zero or not below the group's order.
    public init(_ curve: Curve = .p256, scalar: [UInt8]) throws(CryptoFailure) {
        guard scalar.count == 32, scalar.contains(where: { $0 != 0 }), scalar.lexicographicallyPrecedes(curve.order)
        else { throw CryptoFailure(code: .invalidKey, detail: "a private key is out of its range") }
        let point = try KeyHandle.point(of: scalar, on: curve)
        handle = try KeyHandle(curve, point: point, scalar: scalar)
        publicKey = try PublicKey(curve, handle)
    }

    /// The curve.
    public var curve: Curve { publicKey.curve }

    /// Signs the SHA-256 of `message`.
    ///
    /// - Returns: r ‖ s, 64 octets, s in the lower half of the order.
    /// - Throws: ``CryptoFailure`` when OpenSSL fails.
    public func signature(of message: [UInt8]) throws(CryptoFailure) -> [UInt8] {
        guard let signature = ECDSASignature(der: try handle.sign(message)) else {
            throw CryptoFailure(code: .library, detail: "OpenSSL wrote a signature that is not DER")
        }
        return signature.lowS(on: curve).raw
    }

    /// The private scalar, 32 octets.
    ///
    /// - Throws: ``CryptoFailure`` when OpenSSL fails.
    public func scalar() throws(CryptoFailure) -> [UInt8] {
        try handle.coordinate(OSSL_PKEY_PARAM_PRIV_KEY)
    }
}
