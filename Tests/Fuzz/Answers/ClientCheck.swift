#if FUZZING || DEBUG
@testable import ATProtocol
@testable import Crypto
@testable import Network
@testable import OAuth
import FuzzDriver

/// The metadata of a confidential client, as its host serves it.
enum ClientCheck {
    private static let key: ClientKey? = {
        // A key for everybody to read, so that an input can list it.
        guard let key = try? SigningKey(.p256, scalar: [UInt8](repeating: 7, count: 32)) else { return nil }
        return ClientKey(id: "k", key: key)
    }()

    /// What is found right lists our key and nobody's private one, which no sentence shows; so it is when it is written anew.
    static let metadata: @Sendable ([UInt8]) -> Void = { bytes in
        guard let key, let url = try? WebURL("https://bot.example.com/client.json") else {
            return require(false)
        }
        func judge(_ body: [UInt8]) -> [String] {
            ClientMetadata.problems(
                HTTPResponse(status: 200, headers: ["Content-Type": "application/json"], body: body),
                at: url,
                redirectURI: "https://bot.example.com/callback.html",
                key: key,
                scope: "atproto transition:chat.bsky"
            )
        }
        let problems = judge(bytes)
        for problem in problems { FuzzTarget.requireSentence(problem) }
        guard let json = try? JSONValue(parsing: bytes) else { return require(!problems.isEmpty) }
        require(judge(json.encoded) == problems)
        let keys = json["jwks"]?["keys"]?.array ?? []
        if problems.isEmpty {
            require(json["client_id"]?.string == url.description)
            require(keys.contains { (try? JSONWebKey.publicKey($0)) == key.key.publicKey })
        }
        for secret in keys.compactMap({ $0["d"] }) {
            require(!problems.isEmpty)
            guard let text = secret.string, text.count >= 16 else { continue }
            require(!problems.contains { $0.contains(text) })
        }
    }
}
#endif
