/// The multibase forms of a public key (atproto.com/specs/cryptography#public-key-encoding).
extension PublicKey {
    /// Parses a Multikey: `z`, base58btc, multicodec, compressed point.
    ///
    /// - Throws: ``CryptoError`` when it is malformed or another type of key.
    public init(multikey: some StringProtocol) throws(CryptoError) {
        // A compressed point with its codec has 48 characters, and decoding base58 takes quadratic time.
        guard multikey.utf8.count <= 100, multikey.hasPrefix("z"), let bytes = Base58.decode(multikey.dropFirst())
        else {
            throw CryptoError(code: .invalidKey, detail: "a multikey is not base58btc")
        }
        for curve in Curve.allCases where bytes.starts(with: curve.multicodec) {
            guard bytes.count == 35 else {
                throw CryptoError(code: .invalidKey, detail: "a multikey does not hold a compressed point")
            }
            try self.init(curve, point: Array(bytes[2...]))
            return
        }
        throw CryptoError(code: .invalidKey, detail: "a multikey is of a kind that the network does not use")
    }

    /// Parses `did:key:` followed by a Multikey.
    ///
    /// - Throws: ``CryptoError``.
    public init(didKey: String) throws(CryptoError) {
        guard didKey.hasPrefix("did:key:") else {
            throw CryptoError(code: .invalidKey, detail: "a did:key does not begin with did:key:")
        }
        try self.init(multikey: didKey.dropFirst(8))
    }

    /// Parses the form in old DID documents: `z`, base58btc, point without a codec; the curve is given separately.
    ///
    /// - Throws: ``CryptoError``.
    public init(_ curve: Curve, multibase: some StringProtocol) throws(CryptoError) {
        guard multibase.utf8.count <= 100, multibase.hasPrefix("z"), let bytes = Base58.decode(multibase.dropFirst())
        else { throw CryptoError(code: .invalidKey, detail: "a multibase key is not base58btc") }
        try self.init(curve, point: bytes)
    }

    /// The Multikey, `z…`, as in DID documents.
    public var multikey: String { "z" + Base58.encode(curve.multicodec + compressed) }

    /// The key as a DID, `did:key:z…`.
    public var didKey: String { "did:key:" + multikey }
}
