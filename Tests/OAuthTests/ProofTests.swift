import ATProtocol
import Crypto
import Network
import TestSupport
import Testing

@testable import OAuth

@Suite struct `Proofs, challenges and client identities` {
    @Test func `RFC 7636 appendix B: the verifier has the known challenge`() {
        let pkce = PKCE(verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
        #expect(pkce.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
        #expect(PKCE().verifier.utf8.count == 43)
        #expect(PKCE() != PKCE())
    }

    @Test(arguments: [
        ("https://pds.test/xrpc/a.b.c?x=y&z=%20", "https://pds.test/xrpc/a.b.c"),
        ("HTTPS://PDS.Test:443/xrpc/a", "https://pds.test/xrpc/a"),
        ("https://pds.test:8443/a/", "https://pds.test:8443/a/"),
        ("https://pds.test", "https://pds.test/"),
        ("https://pds.test/%7Ea%2Fb", "https://pds.test/%7Ea%2Fb"),
        ("http://[::1]:80/a", "http://[::1]/a"),
    ]) func `htu has no query, no default port, and a lower-case host`(url: String, target: String) throws {
        #expect(try DPoPProof.target(WebURL(url)) == target)
    }

    @Test func `RFC 9449: a proof holds the hash of the token, and nothing private`() throws {
        let key = try SigningKey(.p256)
        let token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
        let text = try DPoPProof.make(
            .get,
            WebURL("https://resource.example.org/protectedresource"),
            key: key,
            at: 1_562_262_618,
            nonce: "n",
            accessToken: token
        )
        let proof = try CompactJWS(parsing: text)
        #expect(proof.isSigned(by: key.publicKey))
        let header = try JSONValue(parsing: proof.header)
        #expect(header["jwk"]?.object?.keys.sorted() == ["crv", "kty", "x", "y"])
        #expect(header["typ"]?.string == "dpop+jwt" && header["alg"]?.string == "ES256")
        let claims = try JSONValue(parsing: proof.payload)
        #expect(claims["ath"]?.string == "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo")
        #expect(claims["iat"]?.integer == 1_562_262_613, "five seconds old")
        #expect(claims.object?.keys.sorted() == ["ath", "htm", "htu", "iat", "jti", "nonce"])
    }

    @Test func `an assertion names the issuer and lives a minute`() throws {
        let key = ClientKey(id: "k1", key: try SigningKey(.p256))
        let text = try ClientAssertion.make("https://client.test/a.json", key, audience: "https://as.test", at: 1000.9)
        let claims = try JSONValue(parsing: CompactJWS(parsing: text).payload)
        #expect(claims["aud"]?.string == "https://as.test")
        #expect(claims["iss"] == claims["sub"])
        #expect(claims["iat"]?.integer == 995)
        #expect(claims["exp"]?.integer == 1055)
    }

    @Test(arguments: [
        (#"DPoP algs="RS256 ES256", error="use_dpop_nonce""#, "use_dpop_nonce"),
        (#"DPoP error="invalid_token", error_description="a, b=\"c\"", algs="ES256""#, "invalid_token"),
        (#"Bearer realm="x", error="wrong", DPoP error=invalid_token"#, "invalid_token"),
        (#"Negotiate abc==, dpop error="x""#, "x"),
        (#"Bearer error="only""#, nil),
        (#"DPoP"#, nil), ("", nil), (",,,", nil), (#"DPoP error="unfinished"#, "unfinished"),
        // A mark that combines with what is before it belongs to the value, and hides no quote.
        ("DPoP error=\"\u{301}x\"\u{301}, algs=\"ES256\"", "\u{301}x"),
    ]) func `the DPoP challenge is found among others`(header: String, error: String?) {
        let challenge = AuthenticateChallenge.dpop(in: ["WWW-Authenticate": header])
        #expect(challenge?.parameters["error"] == error)
    }

    @Test func `a loopback identity is written and read in one way`() throws {
        let identity = LoopbackClientID(
            scope: "atproto transition:generic transition:chat.bsky",
            redirectURIs: ["http://127.0.0.1/callback"]
        )
        #expect(
            identity.text
                == "http://localhost?redirect_uri=http%3A%2F%2F127.0.0.1%2Fcallback"
                + "&scope=atproto%20transition%3Ageneric%20transition%3Achat.bsky"
        )
        #expect(LoopbackClientID(identity.text) == identity)
        #expect(LoopbackClientID(identity.text.replacing("%20", with: "+")) == identity)
        #expect(LoopbackClientID("http://localhost")?.redirectURIs == ["http://127.0.0.1/", "http://[::1]/"])
    }

    @Test(arguments: [
        "http://localhost:80", "http://localhost/path", "http://localhost?a=b", "http://localhost?scope=a&scope=b",
        "http://localhost#x", "https://localhost", "http://localhost?scope=transition:generic",
        "http://localhost?redirect_uri=https%3A%2F%2Fevil.test%2F", "http://127.0.0.1",
    ]) func `what a server would refuse as a loopback identity is refused`(text: String) {
        #expect(LoopbackClientID(text) == nil)
    }

    @Test(arguments: [
        ("https://client.test/metadata.json", true), ("https://client.test/", false), ("https://client.test/a/", false),
        ("http://client.test/a.json", false), ("https://client.test:8443/a.json", false),
        ("https://192.0.2.1/a.json", false), ("https://Client.test/a.json", false), ("https://client.test/a#b", false),
        ("https://localhost/a.json", false),
    ]) func `a hosted identity is an https URL of a document, in canonical form`(id: String, isGood: Bool) {
        let isAccepted = (try? ClientIdentity.check(id, allowsLoopback: false)) != nil
        #expect(isAccepted == isGood)
    }

    @Test func `a scope's percent sign is encoded again in the form`() {
        let scope = ScopeChoice.granular.scopes(chatService: "did:web:api.bsky.chat#bsky_chat").joined(separator: " ")
        let form = PercentEncoding.form([("scope", scope)])
        #expect(form.contains("bsky.chat%2523bsky_chat"))
        #expect(!form.contains("+"))
    }

    @Test func `HTTP dates are read and written`() {
        #expect(HTTPDate.seconds("Sun, 06 Nov 1994 08:49:37 GMT") == 784_111_777)
        #expect(HTTPDate.text(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(HTTPDate.seconds("Sunday, 06-Nov-94 08:49:37 GMT") == 784_111_777)
        #expect(CalendarDate(951_827_696).timestamp == "2000-02-29T12:34:56Z")
    }
}
