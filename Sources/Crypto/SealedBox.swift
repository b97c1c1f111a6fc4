internal import COpenSSL

/// Authenticated encryption with AES-256-GCM: 12 octets of nonce, the ciphertext, 16 octets of tag (NIST SP 800-38D).
public enum SealedBox {
    private static let nonceLength = 12
    private static let tagLength = 16

    /// Encrypts with a new random nonce.
    ///
    /// - Parameters:
    ///   - plaintext: the bytes to encrypt.
    ///   - key: 32 octets.
    ///   - context: authenticated with the ciphertext, but not encrypted.
    /// - Returns: nonce, ciphertext and tag.
    /// - Throws: ``CryptoError``.
    public static func seal(
        _ plaintext: [UInt8],
        key: [UInt8],
        context: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        try seal(plaintext, key: key, context: context, nonce: SecureRandom.bytes(nonceLength))
    }

    /// Encrypts with a given nonce, for test vectors; a nonce must never be used twice.
    static func seal(
        _ plaintext: [UInt8],
        key: [UInt8],
        context: [UInt8],
        nonce: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        try check(key)
        let cipher = unsafe EVP_CIPHER_CTX_new()
        defer { unsafe EVP_CIPHER_CTX_free(cipher) }
        var out = [UInt8](repeating: 0, count: plaintext.count + tagLength)
        var tag = [UInt8](repeating: 0, count: tagLength)
        var length: Int32 = 0
        guard unsafe EVP_EncryptInit_ex2(cipher, EVP_aes_256_gcm(), key, nonce, nil) == 1,
            unsafe EVP_EncryptUpdate(cipher, nil, &length, context, Int32(context.count)) == 1,
            unsafe EVP_EncryptUpdate(cipher, &out, &length, plaintext, Int32(plaintext.count)) == 1,
            unsafe EVP_EncryptFinal_ex(cipher, &tag, &length) == 1,
            unsafe EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, Int32(tagLength), &tag) == 1
        else { throw .library("encrypting") }
        return nonce + out[..<plaintext.count] + tag
    }

    /// Decrypts the output of ``seal(_:key:context:)``.
    ///
    /// - Throws: ``CryptoError`` with code ``CryptoError/Code/invalidInput`` when key, context or any bit differs.
    public static func open(_ box: [UInt8], key: [UInt8], context: [UInt8]) throws(CryptoError) -> [UInt8] {
        try check(key)
        guard box.count >= nonceLength + tagLength else {
            throw CryptoError(code: .invalidInput, detail: "a ciphertext is too short")
        }
        let nonce = Array(box[..<nonceLength])
        let body = Array(box[nonceLength..<box.count - tagLength])
        var tag = Array(box.suffix(tagLength))
        let cipher = unsafe EVP_CIPHER_CTX_new()
        defer { unsafe EVP_CIPHER_CTX_free(cipher) }
        var out = [UInt8](repeating: 0, count: body.count + tagLength)
        var end = [UInt8](repeating: 0, count: tagLength)
        var length: Int32 = 0
        guard unsafe EVP_DecryptInit_ex2(cipher, EVP_aes_256_gcm(), key, nonce, nil) == 1,
            unsafe EVP_DecryptUpdate(cipher, nil, &length, context, Int32(context.count)) == 1,
            unsafe EVP_DecryptUpdate(cipher, &out, &length, body, Int32(body.count)) == 1,
            unsafe EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, Int32(tagLength), &tag) == 1,
            unsafe EVP_DecryptFinal_ex(cipher, &end, &length) == 1
        else {
            ERR_clear_error()
            throw CryptoError(code: .invalidInput, detail: "a ciphertext does not belong to this key and context")
        }
        return Array(out[..<body.count])
    }

    private static func check(_ key: [UInt8]) throws(CryptoError) {
        guard key.count == 32 else {
            throw CryptoError(code: .invalidKey, detail: "an encryption key does not have 32 octets")
        }
    }
}
