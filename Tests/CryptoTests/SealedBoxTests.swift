import Testing

@testable import Crypto

@Suite struct `Authenticated encryption` {
    // Test case 14 and 16 of "The Galois/Counter Mode of Operation" (McGrew, Viega), appendix B.
    @Test func `AES-256-GCM gives the known ciphertext and tag`() throws {
        let zeros = try SealedBox.seal(
            [UInt8](repeating: 0, count: 16),
            key: [UInt8](repeating: 0, count: 32),
            context: [],
            nonce: [UInt8](repeating: 0, count: 12)
        )
        #expect(Array(zeros[12...]) == Hex.decode("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"))
        let key = try #require(Hex.decode("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"))
        let plaintext = try #require(
            Hex.decode(
                "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                    + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
            )
        )
        let box = try SealedBox.seal(
            plaintext,
            key: key,
            context: #require(Hex.decode("feedfacedeadbeeffeedfacedeadbeefabaddad2")),
            nonce: #require(Hex.decode("cafebabefacedbaddecaf888"))
        )
        #expect(Array(box.suffix(16)) == Hex.decode("76fc6ece0f4e1768cddf8853bb2d551b"))
    }

    @Test func `a changed bit anywhere is noticed, and so is another key or context`() throws {
        let key = SecureRandom.bytes(32)
        let box = try SealedBox.seal([1, 2, 3], key: key, context: [9])
        #expect(try SealedBox.open(box, key: key, context: [9]) == [1, 2, 3])
        for index in box.indices {
            var changed = box
            changed[index] ^= 1
            #expect(throws: CryptoError.self) { try SealedBox.open(changed, key: key, context: [9]) }
        }
        #expect(throws: CryptoError.self) { try SealedBox.open(box, key: key, context: [8]) }
        #expect(throws: CryptoError.self) { try SealedBox.open(box, key: SecureRandom.bytes(32), context: [9]) }
        #expect(throws: CryptoError.self) { try SealedBox.open([1], key: key, context: [9]) }
        #expect(throws: CryptoError.self) { try SealedBox.seal([1], key: [1], context: []) }
        #expect(try SealedBox.open(SealedBox.seal([], key: key, context: []), key: key, context: []) == [])
    }
}
