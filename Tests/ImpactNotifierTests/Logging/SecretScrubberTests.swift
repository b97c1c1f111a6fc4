import Testing

@testable import ImpactNotifier

@Suite struct `Secrets in logs` {
    private static let jwt = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJkaWQ6cGxjOmEifQ.c2lnbmF0dXJl"
    private static let hex = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

    @Test(arguments: [
        ("the server said \(jwt), really", "the server said [redacted], really"),
        ("Authorization: DPoP abcdefghijklmnopqrstuvwxyz", "Authorization: DPoP [redacted]"),
        ("authorization: bearer abcdefghijklmnopqrstuvwxyz==", "authorization: bearer [redacted]=="),
        ("refresh_token=ref-\(hex)&x=1", "refresh_token=[redacted]&x=1"),
        ("tok-\(hex)", "[redacted]"), ("code=cod-\(hex)", "code=[redacted]"),
        ("password abcd-efgh-ijkl-mnop wrong", "password [redacted] wrong"),
    ]) func `what looks like a credential is blanked`(text: String, expected: String) {
        #expect(SecretScrubber.scrub(text) == expected)
    }

    @Test(arguments: [
        "at://did:plc:ragtjsm2j2vknwkz3zp4oxrd/sh.tangled.repo.issue/3lxyzabcdefgh", "did:web:api.bsky.chat#bsky_chat",
        "recipient requires incoming messages to come from someone they follow", "https://pds.example/xrpc/x?cursor=1",
        "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a", "the DPoP proof was refused",
        "ref-counted memory",
        "3l6oveex3ii2l", "eyJ", "2026-11-22T19:30:00.250Z",
    ]) func `what operators need stays`(text: String) {
        #expect(SecretScrubber.scrub(text) == text)
    }

    @Test func `some keys are never shown`() {
        #expect(SecretScrubber.hides(key: "Authorization"))
        #expect(SecretScrubber.hides(key: "refresh_token"))
        #expect(!SecretScrubber.hides(key: "reason"))
        #expect(!SecretScrubber.hides(key: "token_expires_s"))
    }
}
