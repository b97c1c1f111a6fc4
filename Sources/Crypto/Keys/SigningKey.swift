internal import COpenSSL

/// A private key for signing.
///
/// Only ``scalar()`` reveals the private scalar, for the file that stores it.
public struct SigningKey: Sendable {
    public let publicKey: PublicKey
    private let handle: KeyHandle

    /// Generates a new key.
    ///
    /// - Throws: ``CryptoError`` when OpenSSL has no random numbers or does not know the curve.
    public init(_ curve: Curve = .p256) throws(CryptoError) {
        handle = try KeyHandle(generating: curve)
        publicKey = try PublicKey(curve, handle)
    }

    /// Makes the key of a private scalar, 32 octets, big-endian; computes the public point.
    ///
    /// - Throws: ``CryptoError`` when the scalar is zero or not less than the group order.
    public init(_ curve: Curve = .p256, scalar: [UInt8]) throws(CryptoError) {
        guard scalar.count == 32, scalar.contains(where: { $0 != 0 }), scalar.lexicographicallyPrecedes(curve.order)
        else { throw CryptoError(code: .invalidKey, detail: "a private key is out of its range") }
        let point = try KeyHandle.point(of: scalar, on: curve)
        handle = try KeyHandle(curve, point: point, scalar: scalar)
        publicKey = try PublicKey(curve, handle)
    }

    public var curve: Curve { publicKey.curve }

    /// Signs the SHA-256 of `message`.
    ///
    /// - Returns: r ‖ s, 64 octets, with s in the lower half of the group order.
    /// - Throws: ``CryptoError`` when OpenSSL fails.
    public func signature(of message: [UInt8]) throws(CryptoError) -> [UInt8] {
        guard let signature = ECDSASignature(der: try handle.sign(message)) else {
            throw CryptoError(code: .library, detail: "OpenSSL wrote a signature that is not DER")
        }
        return signature.lowS(on: curve).raw
    }

    /// The private scalar, 32 octets.
    ///
    /// - Throws: ``CryptoError`` when OpenSSL fails.
    public func scalar() throws(CryptoError) -> [UInt8] {
        try handle.coordinate(OSSL_PKEY_PARAM_PRIV_KEY)
    }
}
