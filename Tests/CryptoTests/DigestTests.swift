import Crypto
import Testing

@Suite struct `Digests and encodings` {
    @Test func `SHA-256 and SHA-1 give the digests of the empty message`() {
        #expect(Base64.encode(Digest.sha256("")) == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
        #expect(Base64.encode(Digest.sha1([])) == "2jmj7l5rSw0yVb/vlWAYkK/YBwk=")
    }

    @Test(arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")])
    func `base64 agrees with RFC 4648 §10`(plain: String, coded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == coded)
        #expect(Base64.decode(coded) == Array(plain.utf8))
    }

    @Test(arguments: ["A", "Zh", "Zm9=", "Zg===", "Z*"]) func `malformed base64 is refused`(text: String) {
        #expect(Base64.decode(text) == nil)
    }
}
