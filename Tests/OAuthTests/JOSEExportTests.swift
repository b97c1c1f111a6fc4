import ATProtocol
import Crypto
import FoundationEssentials
import Network
import TestSupport
import Testing

@testable import OAuth

/// Tokens for an independent library; see Tests/Interop/jose.sh.
@Suite struct `Proofs and assertions` {
    private static let file = ProcessInfo.processInfo.environment["IMPACT_NOTIFIER_PROOFS"]

    @Test(.enabled(if: file != nil)) func `are written for another library to verify`() throws {
        var text = ""
        let url = try WebURL("https://pds.test/xrpc/chat.bsky.convo.sendMessage")
        for number in 0..<10_000 {
            let key = try SigningKey(.p256)
            let jwk = JSONWebKey.json(key.publicKey).encodedText
            let isProof = number.isMultiple(of: 2)
            let token =
                isProof
                ? try DPoPProof.make(
                    .post,
                    url,
                    key: key,
                    at: 1_800_000_000,
                    nonce: "n\(number)",
                    accessToken: number % 4 == 0 ? nil : "t"
                )
                : try ClientAssertion.make(
                    "https://client.test/a.json",
                    ClientKey(id: "k", key: key),
                    audience: "https://as.test",
                    at: 1_800_000_000
                )
            text += "\(isProof ? "proof" : "assertion")\t\(jwk)\t\(key.publicKey.thumbprint)\t\(token)\n"
        }
        let path = try #require(Self.file)
        try Data(text.utf8).write(to: URL(filePath: path))
    }
}
