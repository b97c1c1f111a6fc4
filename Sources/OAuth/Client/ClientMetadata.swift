public import ATProtocol
internal import Crypto
internal import Network

/// The metadata document of a confidential client: makes it, and checks what is hosted.
public struct ClientMetadata: Sendable {
    private let configuration: SessionConfiguration
    private let environment: SessionEnvironment

    /// The metadata for a configuration of kind ``SessionKind/confidential``.
    public init(_ configuration: SessionConfiguration, _ environment: SessionEnvironment) {
        self.configuration = configuration
        self.environment = environment
    }

    /// The scopes that a login asks for; servers compare them literally with the document.
    ///
    /// It has no others: a server rejects a client that declares unknown scopes.
    private var scope: String { configuration.scopes(of: configuration.scope).joined(separator: " ") }

    /// The document to host at the client ID, byte for byte.
    ///
    /// - Parameter keys: the public keys to list: the current one, and during a key change also the next one.
    /// - Returns: the document.
    /// - Throws: ``OAuthError`` with code ``OAuthError/Code/configuration``.
    public func document(keys: [ClientKey]) throws(OAuthError) -> JSONValue {
        guard let id = configuration.clientID else {
            throw OAuthError(code: .configuration, sentence: "The URL of the client metadata is not configured.")
        }
        try ClientIdentity.check(id, allowsLoopback: configuration.allowsLoopback)
        let redirect = configuration.redirectURI ?? ClientIdentity.callbackPage(beside: id)
        return [
            "client_id": .string(id),
            "client_name": .string(configuration.clientName),
            "application_type": "web",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "redirect_uris": [.string(redirect)],
            "scope": .string(scope),
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": "ES256",
            "dpop_bound_access_tokens": true,
            "jwks": ["keys": .array(keys.map(\.publicJWK))],
        ]
    }

    /// Fetches the hosted document as an authorization server does, and checks it.
    ///
    /// - Returns: the problems, one sentence each; empty if there are none.
    /// - Throws: ``OAuthError`` when the key or the configuration cannot be read.
    public func problems() async throws(OAuthError) -> [String] {
        let identity = try ClientIdentity(configuration, port: nil, files: environment.files)
        guard let key = identity.key, let url = try? WebURL(identity.id) else { return [] }
        let response: HTTPResponse
        do {
            let request = HTTPRequest(.get, url, headers: ["Accept": "application/json"], timeout: .seconds(15))
            response = try await environment.client.send(request)
        } catch {
            return ["The metadata cannot be fetched: \(error)."]
        }
        return Self.problems(response, at: url, redirectURI: identity.redirectURI, key: key, scope: scope)
    }

    /// Throws if the server would reject a login because of the hosted metadata.
    func requireHosted() async throws(OAuthError) {
        let problems = try await problems()
        guard let first = problems.first else { return }
        throw OAuthError(
            code: .configuration,
            sentence: "The hosted client metadata is not right. \(first)",
            advice: problems.allSatisfy(Self.isAboutScopes)
                ? scopeAdvice(problems)
                : "Host what 'impact-notifier client metadata' prints; 'impact-notifier client verify' tells when it is right."
        )
    }

    private static func isAboutScopes(_ problem: String) -> Bool { problem.hasPrefix("'scope' lacks ") }

    /// Advice if the only problem is that the document declares too few scopes for this login.
    private func scopeAdvice(_ problems: [String]) -> String {
        let asked = configuration.scope.rawValue
        let other = configuration.scope == .granular ? ScopeChoice.transition : .granular
        let hosting =
            "set session.scope to \(asked), host what 'impact-notifier client metadata' prints then, and log in ten minutes "
            + "later, for servers keep the old one that long"
        // Scopes that both choices ask for do not tell which choice the document was made for.
        let differ = problems.count >= configuration.scopes(of: configuration.scope).count - 1
        guard differ else { return "It is an older one: \(hosting)." }
        return
            "It does not declare what --scope \(asked) asks for: log in with --scope \(other.rawValue), or \(hosting)."
    }

    /// The problems in the response from the client ID's URL.
    static func problems(
        _ response: HTTPResponse,
        at url: WebURL,
        redirectURI: String,
        key: ClientKey,
        scope: String
    ) -> [String] {
        guard response.status == 200 else {
            let hint = (300..<400).contains(response.status) ? "; servers do not follow redirects" : ""
            return ["\(url) answers with status \(response.status) instead of 200\(hint)."]
        }
        let type = response.headers["Content-Type"] ?? "nothing"
        guard type.prefix(while: { $0 != ";" }).lowercased() == "application/json" else {
            return ["\(url) is served as \(type.prefix(80)) instead of application/json."]
        }
        guard let json = try? JSONValue(parsing: response.body) else { return ["\(url) is not JSON."] }
        var problems: [String] = []
        func require(_ isRight: Bool, _ sentence: String) { if !isRight { problems.append(sentence) } }
        require(json["client_id"]?.string == url.description, "'client_id' is not exactly \(url).")
        require(json["application_type"]?.string ?? "web" == "web", "'application_type' is not 'web'.")
        require(
            json["token_endpoint_auth_method"]?.string == "private_key_jwt",
            "'token_endpoint_auth_method' is not 'private_key_jwt'."
        )
        require(
            json["token_endpoint_auth_signing_alg"]?.string == "ES256",
            "'token_endpoint_auth_signing_alg' is not 'ES256'."
        )
        require(json["dpop_bound_access_tokens"]?.bool == true, "'dpop_bound_access_tokens' is not true.")
        let redirects = json["redirect_uris"]?.array?.compactMap(\.string) ?? []
        require(redirects.contains(redirectURI), "'redirect_uris' lacks \(redirectURI).")
        let grants = json["grant_types"]?.array?.compactMap(\.string) ?? []
        require(grants.contains("refresh_token"), "'grant_types' lacks 'refresh_token'.")
        let hosted = Set((json["scope"]?.string ?? "").split(separator: " ").map(String.init))
        for missing in scope.split(separator: " ").map(String.init) where !hosted.contains(missing) {
            problems.append("'scope' lacks \(missing).")
        }
        let keys = json["jwks"]?["keys"]?.array ?? []
        require(!keys.contains { $0["d"] != nil }, "A private key is hosted for everybody to read: replace it at once.")
        if let listed = keys.first(where: { $0["kid"]?.string == key.id }) {
            require(
                (try? JSONWebKey.publicKey(listed)) == key.key.publicKey,
                "The key '\(key.id)' is listed, but is not the key that lies here."
            )
        } else {
            problems.append("'jwks' does not list the key '\(key.id)'.")
        }
        return problems
    }
}
