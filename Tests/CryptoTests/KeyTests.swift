import Crypto
import Testing

@Suite struct `Keys on the network's curves` {
    @Test(arguments: Curve.allCases) func `a signature has 64 octets, a low s, and verifies with the key's own point`(
        curve: Curve
    ) throws {
        let key = try SigningKey(curve)
        let other = try SigningKey(curve)
        for number in 0..<400 {
            let message = Array("message \(number)".utf8)
            let signature = try key.signature(of: message)
            #expect(signature.count == 64)
            #expect(key.publicKey.isValid(signature, for: message))
            #expect(!other.publicKey.isValid(signature, for: message))
            #expect(!key.publicKey.isValid(signature, for: message + [0]))
        }
    }

    @Test(arguments: Curve.allCases) func `a key survives the way through its scalar`(curve: Curve) throws {
        let key = try SigningKey(curve)
        let same = try SigningKey(curve, scalar: key.scalar())
        #expect(same.publicKey == key.publicKey)
        #expect(key.publicKey.isValid(try same.signature(of: [1, 2, 3]), for: [1, 2, 3]))
    }

    @Test(arguments: Curve.allCases) func `a scalar that is zero, too large or too short is refused`(curve: Curve) {
        #expect(throws: CryptoError.self) { try SigningKey(curve, scalar: [UInt8](repeating: 0, count: 32)) }
        #expect(throws: CryptoError.self) { try SigningKey(curve, scalar: [UInt8](repeating: 0xFF, count: 32)) }
        #expect(throws: CryptoError.self) { try SigningKey(curve, scalar: [1]) }
    }

    @Test(arguments: Curve.allCases) func `a point beside the curve is refused`(curve: Curve) throws {
        let key = try SigningKey(curve).publicKey
        #expect(throws: CryptoError.self) { try PublicKey(curve, x: key.x, y: key.x) }
        #expect(throws: CryptoError.self) { try PublicKey(curve, point: [4]) }
        #expect(try PublicKey(curve, point: key.compressed) == key)
    }

    @Test(arguments: Curve.allCases) func `a did:key survives the way through text`(curve: Curve) throws {
        let key = try SigningKey(curve).publicKey
        #expect(try PublicKey(didKey: key.didKey) == key)
        #expect(throws: CryptoError.self) { try PublicKey(didKey: key.multikey) }
        #expect(throws: CryptoError.self) { try PublicKey(multikey: key.multikey.dropLast()) }
    }

    // Vectors of draft-msporny-base58-03 §5.
    @Test(arguments: [
        ("48656c6c6f20576f726c6421", "2NEpo7TZRRrLZSi2U"),
        ("0000287fb4cd", "11233QC4"), ("", ""),
    ]) func `base58 agrees with its draft`(hex: String, text: String) throws {
        let bytes = try #require(Hex.decode(hex))
        #expect(Base58.encode(bytes) == text)
        #expect(Base58.decode(text) == bytes)
        #expect(Base58.decode("0OIl") == nil)
    }
}
