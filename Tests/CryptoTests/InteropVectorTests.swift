import Crypto
import Testing

/// The network's published vectors (bluesky-social/atproto-interop-tests, CC0), as far as they are small.
@Suite struct `The network's key and signature vectors` {
    struct Fixture: Sendable {
        let didKey: String
        let signature: String
        let isValid: Bool
    }

    private static let p256 = "did:key:zDnaembgSGUhZULN2Caob4HLJPaxBh92N7rtH21TErzqf8HQo"
    private static let k256 = "did:key:zQ3shqwJEJyMBsBXCWyCBpUBMqxcon9oHB7mCvx4sSpMdLJwc"

    static let fixtures = [
        Fixture(
            didKey: p256,
            signature: "2vZNsG3UKvvO/CDlrdvyZRISOFylinBh0Jupc6KcWoJWExHptCfduPleDbG3rko3YZnn9Lw0IjpixVmexJDegg",
            isValid: true
        ),
        Fixture(
            didKey: k256,
            signature: "5WpdIuEUUfVUYaozsi8G0B3cWO09cgZbIIwg1t2YKdUn/FEznOndsz/qgiYb89zwxYCbB71f7yQK5Lr7NasfoA",
            isValid: true
        ),
        Fixture(
            didKey: p256,
            signature: "2vZNsG3UKvvO/CDlrdvyZRISOFylinBh0Jupc6KcWoKp7O4VS9giSAah8k5IUbXIW00SuOrjfEqQ9HEkN9JGzw",
            isValid: false
        ),
        Fixture(
            didKey: k256,
            signature: "5WpdIuEUUfVUYaozsi8G0B3cWO09cgZbIIwg1t2YKdXYA67MYxYiTMAVfdnkDCMN9S5B3vHosRe07aORmoshoQ",
            isValid: false
        ),
        Fixture(
            didKey: "did:key:zDnaeT6hL2RnTdUhAPLij1QBkhYZnmuKyM7puQLW1tkF4Zkt8",
            signature:
                "MEQCIFxYelWJ9lNcAVt+jK0y/T+DC/X4ohFZ+m8f9SEItkY1AiACX7eXz5sgtaRrz/SdPR8kprnbHMQVde0T2R8yOTBweA",
            isValid: false
        ),
        Fixture(
            didKey: "did:key:zQ3shnriYMXc8wvkbJqfNWh5GXn2bVAeqTC92YuNbek4npqGF",
            signature:
                "MEUCIQCWumUqJqOCqInXF7AzhIRg2MhwRz2rWZcOEsOjPmNItgIgXJH7RnqfYY6M0eg33wU0sFYDlprwdOcpRn78Sz5ePgk",
            isValid: false
        ),
    ]

    @Test(arguments: fixtures) func `low-S signatures verify, high-S and DER ones do not`(fixture: Fixture) throws {
        let message = try #require(Base64.decode("oWVoZWxsb2V3b3JsZA"))
        let signature = try #require(Base64.decode(fixture.signature))
        #expect(try PublicKey(didKey: fixture.didKey).isValid(signature, for: message) == fixture.isValid)
    }

    @Test func `a signature with a high s is still good JOSE`() throws {
        let message = try #require(Base64.decode("oWVoZWxsb2V3b3JsZA"))
        let signature = try #require(Base64.decode(Self.fixtures[2].signature))
        #expect(try PublicKey(didKey: Self.p256).isValid(signature, for: message, requiresLowS: false))
    }

    @Test(arguments: [
        (Curve.p256, "zxdM8dSstjrpZaRUwBmDvjGXweKuEMVN95A9oJBFjkWMh", p256),
        (Curve.k256, "z25z9DTpsiYYJKGsWmSPJK2NFN8PcJtZig12K59UgW7q5t", k256),
    ]) func `the keys of old DID documents are the same keys`(curve: Curve, multibase: String, didKey: String) throws {
        #expect(try PublicKey(curve, multibase: multibase).didKey == didKey)
    }

    @Test(arguments: [
        (
            "9085d2bef69286a6cbb51623c8fa258629945cd55ca705cc4e66700396894e0c",
            "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme"
        ),
        (
            "f0f4df55a2b3ff13051ea814a8f24ad00f2e469af73c363ac7e9fb999a9072ed",
            "did:key:zQ3shtxV1FrJfhqE1dvxYRcCknWNjHc3c5X1y3ZSoPDi2aur2"
        ),
        (
            "6b0b91287ae3348f8c2f2552d766f30e3604867e34adc37ccbb74a8e6b893e02",
            "did:key:zQ3shZc2QzApp2oymGvQbzP8eKheVshBHbU4ZYjeXqwSKEn6N"
        ),
    ]) func `a K-256 private key has the known did:key`(hex: String, didKey: String) throws {
        #expect(try SigningKey(.k256, scalar: #require(Hex.decode(hex))).publicKey.didKey == didKey)
    }

    @Test func `a P-256 private key has the known did:key`() throws {
        let scalar = try #require(Base58.decode("9p4VRzdmhsnq869vQjVCTrRry7u4TtfRxhvBFJTGU2Cp"))
        let key = try SigningKey(.p256, scalar: scalar)
        #expect(key.publicKey.didKey == "did:key:zDnaeTiq1PdzvZXUaMdezchcMJQpBdH2VN4pgrrEhMCCbmwSb")
    }
}
