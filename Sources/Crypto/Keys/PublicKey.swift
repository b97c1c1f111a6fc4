internal import COpenSSL

/// A public key on one of the network's curves.
public struct PublicKey: Sendable, Hashable {
    public let curve: Curve
    /// The x coordinate, 32 octets, big-endian.
    public let x: [UInt8]
    /// The y coordinate, 32 octets, big-endian.
    public let y: [UInt8]
    private let handle: KeyHandle

    /// Parses a point in SEC 1 form: 33 octets compressed or 65 uncompressed.
    ///
    /// - Throws: ``CryptoError`` when it is not a point on the curve.
    public init(_ curve: Curve, point: [UInt8]) throws(CryptoError) {
        guard point.count == 33 || point.count == 65 else {
            throw CryptoError(code: .invalidKey, detail: "a public key has neither 33 nor 65 octets")
        }
        handle = try KeyHandle(curve, point: point, scalar: nil)
        self.curve = curve
        x = try handle.coordinate(OSSL_PKEY_PARAM_EC_PUB_X)
        y = try handle.coordinate(OSSL_PKEY_PARAM_EC_PUB_Y)
    }

    /// Makes a key from its coordinates, 32 octets each.
    ///
    /// - Throws: ``CryptoError`` when they are not a point on the curve.
    public init(_ curve: Curve, x: [UInt8], y: [UInt8]) throws(CryptoError) {
        guard x.count == 32, y.count == 32 else {
            throw CryptoError(code: .invalidKey, detail: "a coordinate of a public key does not have 32 octets")
        }
        try self.init(curve, point: [4] + x + y)
    }

    init(_ curve: Curve, _ handle: KeyHandle) throws(CryptoError) {
        self.curve = curve
        self.handle = handle
        x = try handle.coordinate(OSSL_PKEY_PARAM_EC_PUB_X)
        y = try handle.coordinate(OSSL_PKEY_PARAM_EC_PUB_Y)
    }

    /// Whether `signature` (r ‖ s, 64 octets) over the SHA-256 of `message` is from this key.
    ///
    /// The network requires a low s in commits and service tokens; JOSE does not.
    public func isValid(_ signature: [UInt8], for message: [UInt8], requiresLowS: Bool = true) -> Bool {
        guard let parsed = ECDSASignature(raw: signature), !requiresLowS || parsed.isLowS(on: curve) else {
            return false
        }
        return handle.verifies(parsed.der, message)
    }

    /// The compressed point, 33 octets (SEC 1 §2.3.3).
    public var compressed: [UInt8] { [2 + (y[31] & 1)] + x }

    /// The JWK thumbprint in base64url (RFC 7638), as in `jkt` and `cnf.jkt`.
    public var thumbprint: String {
        let crv = curve == .p256 ? "P-256" : "secp256k1"
        let x = Base64.urlEncode(x)
        let y = Base64.urlEncode(y)
        return Base64.urlEncode(Digest.sha256(#"{"crv":"\#(crv)","kty":"EC","x":"\#(x)","y":"\#(y)"}"#))
    }

    /// Keys are equal when they are the same point on the same curve.
    public static func == (one: PublicKey, other: PublicKey) -> Bool {
        one.curve == other.curve && one.x == other.x && one.y == other.y
    }

    /// Hashes the point.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(curve)
        hasher.combine(x)
        hasher.combine(y)
    }
}
