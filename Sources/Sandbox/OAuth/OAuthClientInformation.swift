internal import ATProtocol
internal import Crypto
internal import Network

/// A client as its metadata describes it, hosted or derived from `http://localhost` (facts/oauth.md §2).
struct OAuthClientInformation: Sendable {
    /// Why a client is refused: an OAuth error.
    struct Refusal: Error {
        let code: String
        let message: String
    }

    let id: String
    let redirects: [String]
    let scope: String
    /// Public keys by `kid`; empty for a public client.
    let keys: [String: PublicKey]
    let isConfidential: Bool

    /// Reads a loopback client's identifier (facts §2.1).
    init(loopback id: String) throws(Refusal) {
        let tail = id.dropFirst("http://localhost".count)
        let query = tail.hasPrefix("/") ? tail.dropFirst() : tail
        guard query.isEmpty || query.hasPrefix("?"), !id.contains("#") else {
            throw Refusal(code: "invalid_client", message: "Invalid loopback client ID: a path, port or fragment")
        }
        let items = PercentEncoding.parseForm(query.dropFirst())
        guard items.allSatisfy({ ["scope", "redirect_uri"].contains($0.name) }),
            items.filter({ $0.name == "scope" }).count <= 1
        else { throw Refusal(code: "invalid_client", message: "Invalid loopback client ID: unexpected parameter") }
        let redirects = items.filter { $0.name == "redirect_uri" }.map(\.value)
        self.id = id
        self.redirects = redirects.isEmpty ? ["http://127.0.0.1/", "http://[::1]/"] : redirects
        scope = items.first { $0.name == "scope" }?.value ?? "atproto"
        keys = [:]
        isConfidential = false
    }

    /// Reads hosted metadata (facts §2.2).
    init(_ metadata: JSONValue, id: String) throws(Refusal) {
        func invalid(_ message: String) -> Refusal { Refusal(code: "invalid_client_metadata", message: message) }
        guard metadata["client_id"]?.string == id else { throw invalid("client_id does not match the URL") }
        let isNative = metadata["application_type"]?.string == "native"
        let method = metadata["token_endpoint_auth_method"]?.string ?? "client_secret_basic"
        guard method == "none" || method == "private_key_jwt" else {
            throw invalid("Unsupported client authentication method \"\(method)\"")
        }
        guard !isNative || method == "none" else {
            throw invalid("Native clients must authenticate using \"none\" method")
        }
        guard metadata["dpop_bound_access_tokens"]?.bool == true else {
            throw invalid("\"dpop_bound_access_tokens\" must be true")
        }
        guard (metadata["token_endpoint_auth_signing_alg"] != nil) == (method == "private_key_jwt") else {
            throw invalid("\"token_endpoint_auth_signing_alg\" belongs to private_key_jwt and to nothing else")
        }
        keys = try Self.keys(of: metadata)
        guard method == "none" || !keys.isEmpty else { throw invalid("private_key_jwt without keys") }
        self.id = id
        redirects = (metadata["redirect_uris"]?.array ?? []).compactMap(\.string)
        scope = metadata["scope"]?.string ?? ""
        isConfidential = method == "private_key_jwt"
        guard isNative || !redirects.contains(where: { (try? WebURL($0))?.isLoopback == true }) else {
            throw Refusal(
                code: "invalid_redirect_uri",
                message: "Loopback redirect URIs are only allowed for native apps"
            )
        }
    }

    private static func keys(of metadata: JSONValue) throws(Refusal) -> [String: PublicKey] {
        var keys: [String: PublicKey] = [:]
        for jwk in metadata["jwks"]?["keys"]?.array ?? [] {
            guard jwk["d"] == nil, let kid = jwk["kid"]?.string, let key = PublicKey(jwk: jwk) else {
                throw Refusal(
                    code: "invalid_client_metadata",
                    message: "a key of the jwks is private, unnamed or not P-256"
                )
            }
            keys[kid] = key
        }
        return keys
    }

    /// Whether the client declared the redirect; of a loopback one any port fits unless one was declared.
    func allows(redirect: String) -> Bool {
        if redirects.contains(redirect) { return true }
        guard let asked = try? WebURL(redirect), asked.isLoopback, asked.host != "localhost" else { return false }
        return redirects.contains { text in
            guard let declared = try? WebURL(text), declared.isLoopback, declared.port == nil else { return false }
            return declared.host == asked.host && declared.target == asked.target && declared.scheme == asked.scheme
        }
    }
}
