internal import ATProtocol
internal import Crypto
internal import Network

/// A client as its metadata describe it.
struct OAuthClientInformation: Sendable {
    let id: String
    let redirects: [String]
    let scope: String
    let grantTypes: [String]
    /// Public keys by `kid`; empty for a public client.
    let keys: [String: PublicKey]
    let isConfidential: Bool

    /// Reads metadata that ``ClientMetadataRules`` have passed, and the key set that they name.
    init(_ metadata: JSONValue, id: String, jwks: JSONValue?) {
        self.id = id
        redirects = metadata["redirect_uris"]?.array?.compactMap(\.string) ?? []
        scope = metadata["scope"]?.string ?? ""
        grantTypes = metadata["grant_types"]?.array?.compactMap(\.string) ?? ["authorization_code"]
        isConfidential = metadata["token_endpoint_auth_method"]?.string == "private_key_jwt"
        var keys: [String: PublicKey] = [:]
        for jwk in Self.usable(jwks ?? metadata["jwks"] ?? [:]) {
            if let kid = jwk["kid"]?.string, let key = PublicKey(jwk: jwk) { keys[kid] = key }
        }
        self.keys = keys
    }

    /// The keys of a set that are public and have a name; the others are passed over without a word.
    static func usable(_ jwks: JSONValue) -> [JSONValue] {
        (jwks["keys"]?.array ?? []).filter { jwk in
            jwk["kty"]?.string?.isEmpty == false && jwk["kid"]?.string?.isEmpty == false && jwk["d"] == nil
                && jwk["k"] == nil
        }
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
