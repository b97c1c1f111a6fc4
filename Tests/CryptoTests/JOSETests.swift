import Crypto
import Testing

@Suite struct `JOSE against the vectors of its RFCs` {
    private func key(x: String, y: String) throws -> PublicKey {
        try PublicKey(.p256, x: #require(Base64.urlDecode(x)), y: #require(Base64.urlDecode(y)))
    }

    @Test func `RFC 7515 A.3: the example verifies, and its key has the known thumbprint`() throws {
        let key = try key(
            x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
        )
        let jws = try CompactJWS(
            parsing: """
                eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19y\
                b290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q
                """
        )
        #expect(String(decoding: jws.header, as: UTF8.self) == #"{"alg":"ES256"}"#)
        #expect(jws.isSigned(by: key))
        #expect(key.thumbprint == "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U")
    }

    @Test func `RFC 7515 A.3: the private key is the one of the point, and signs what it verifies`() throws {
        let scalar = try #require(Base64.urlDecode("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"))
        let key = try SigningKey(scalar: scalar)
        #expect(key.publicKey.thumbprint == "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U")
        let jws = try CompactJWS(header: Array(#"{"alg":"ES256"}"#.utf8), payload: [0, 1, 2], signedBy: key)
        #expect(jws.signature.count == 64)
        #expect(try CompactJWS(parsing: jws.text) == jws)
        #expect(jws.isSigned(by: key.publicKey))
    }

    @Test(arguments: [
        """
        eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwi\
        aWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg
        """,
        """
        eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0\
        ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.\
        2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA
        """,
    ]) func `RFC 9449 §4 and §7: the example proofs verify`(rest: String) throws {
        let header = """
            eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpD\
            a0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6\
            IlAtMjU2In19
            """
        let key = try key(
            x: "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
            y: "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"
        )
        let proof = try CompactJWS(parsing: header + "." + rest)
        #expect(proof.signature.count == 64)
        #expect(proof.isSigned(by: key))
        #expect(key.thumbprint == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I")
    }

    @Test(arguments: ["", "a.b", "a.b.c.d", "e30.e30.*", "e30..e30=", "e.e30.e30"])
    func `what is not three base64url parts is refused`(text: String) {
        #expect(throws: CryptoError.self) { try CompactJWS(parsing: text) }
    }
}
