/// A JSON Web Signature in compact form, `header.payload.signature` (RFC 7515 §7.1).
///
/// It does not parse JSON: header and payload are the bytes that were, or will be, signed.
public struct CompactJWS: Sendable, Equatable {
    /// The protected header, as JSON bytes.
    public let header: [UInt8]
    /// The payload; JSON bytes if this is a token.
    public let payload: [UInt8]
    /// The signature r ‖ s, 64 octets for ES256.
    public let signature: [UInt8]
    private let signingInput: String

    /// Signs a header and a payload.
    ///
    /// - Throws: ``CryptoError`` when OpenSSL fails.
    public init(header: [UInt8], payload: [UInt8], signedBy key: SigningKey) throws(CryptoError) {
        self.header = header
        self.payload = payload
        signingInput = Base64.urlEncode(header) + "." + Base64.urlEncode(payload)
        signature = try key.signature(of: Array(signingInput.utf8))
    }

    /// Parses three base64url parts without verifying the signature.
    ///
    /// - Throws: ``CryptoError`` with code ``CryptoError/Code/invalidInput``.
    public init(parsing text: String) throws(CryptoError) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Base64.urlDecode(parts[0]), let payload = Base64.urlDecode(parts[1]),
            let signature = Base64.urlDecode(parts[2])
        else { throw CryptoError(code: .invalidInput, detail: "a token is not three base64url parts") }
        self.header = header
        self.payload = payload
        self.signature = signature
        signingInput = "\(parts[0]).\(parts[1])"
    }

    /// Whether the signature is from this key; the caller must check the header's `alg` first.
    public func isSigned(by key: PublicKey) -> Bool {
        key.isValid(signature, for: Array(signingInput.utf8), requiresLowS: false)
    }

    /// The compact form, `header.payload.signature`.
    public var text: String { signingInput + "." + Base64.urlEncode(signature) }
}
