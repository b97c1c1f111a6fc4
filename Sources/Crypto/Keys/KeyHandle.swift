internal import COpenSSL

/// Owns one `EVP_PKEY`; all key memory of OpenSSL is owned here.
///
/// OpenSSL 3 keys are immutable once made, and several threads may use them at once (openssl-threads(7)).
@safe final class KeyHandle: @unchecked Sendable {
    private let key: OpaquePointer

    init(generating curve: Curve) throws(CryptoError) {
        guard let key = unsafe shim_EVP_EC_gen(curve.name) else { throw .library("making a key") }
        unsafe self.key = key
    }

    /// Makes a key from its SEC 1 point and, for signing, its scalar.
    init(_ curve: Curve, point: [UInt8], scalar: [UInt8]?) throws(CryptoError) {
        let number = unsafe scalar.flatMap { unsafe BN_bin2bn($0, Int32($0.count), nil) }
        defer { unsafe BN_clear_free(number) }
        guard let key = unsafe shim_EVP_PKEY_from_point(curve.name, point, point.count, number) else {
            ERR_clear_error()
            throw CryptoError(code: .invalidKey, detail: "a key is not a point of \(curve.name)")
        }
        unsafe self.key = key
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// Computes the uncompressed public point of a scalar.
    static func point(of scalar: [UInt8], on curve: Curve) throws(CryptoError) -> [UInt8] {
        let identifier = curve == .p256 ? NID_X9_62_prime256v1 : NID_secp256k1
        let group = unsafe EC_GROUP_new_by_curve_name(identifier)
        defer { unsafe EC_GROUP_free(group) }
        let point = unsafe EC_POINT_new(group)
        defer { unsafe EC_POINT_free(point) }
        let number = unsafe BN_bin2bn(scalar, Int32(scalar.count), nil)
        defer { unsafe BN_clear_free(number) }
        var out = [UInt8](repeating: 0, count: 65)
        guard unsafe EC_POINT_mul(group, point, number, nil, nil, nil) == 1,
            unsafe EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, &out, out.count, nil) == 65
        else { throw .library("computing a public key") }
        return out
    }

    /// One of the key's integers by name, 32 octets.
    func coordinate(_ name: String) throws(CryptoError) -> [UInt8] {
        var number: OpaquePointer?
        guard unsafe EVP_PKEY_get_bn_param(key, name, &number) == 1 else { throw .library("reading a key") }
        defer { unsafe BN_clear_free(number) }
        var out = [UInt8](repeating: 0, count: 32)
        guard unsafe BN_bn2binpad(number, &out, 32) == 32 else { throw .library("reading a key") }
        return out
    }

    /// Signs the SHA-256 of the message; returns DER.
    func sign(_ message: [UInt8]) throws(CryptoError) -> [UInt8] {
        let context = unsafe EVP_MD_CTX_new()
        defer { unsafe EVP_MD_CTX_free(context) }
        var length = 80
        var der = [UInt8](repeating: 0, count: length)
        guard unsafe EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1,
            unsafe EVP_DigestSign(context, &der, &length, message, message.count) == 1
        else { throw .library("signing") }
        return Array(der[..<length])
    }

    /// Whether a DER signature over the SHA-256 of the message is from this key.
    func verifies(_ der: [UInt8], _ message: [UInt8]) -> Bool {
        let context = unsafe EVP_MD_CTX_new()
        defer { unsafe EVP_MD_CTX_free(context) }
        guard unsafe EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1,
            unsafe EVP_DigestVerify(context, der, der.count, message, message.count) == 1
        else {
            ERR_clear_error()
            return false
        }
        return true
    }
}
