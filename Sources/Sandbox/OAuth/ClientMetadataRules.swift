internal import ATProtocol
internal import Network

/// What the reference server asks of client metadata, in its order and words (RFC 7591 §2, atproto.com/specs/oauth).
struct ClientMetadataRules {
    private let id: String
    private let metadata: JSONValue
    /// The URL of a hosted document; nil for the metadata of a loopback client.
    private let url: WebURL?

    init(_ metadata: JSONValue, id: String, url: WebURL?) {
        self.metadata = metadata
        self.id = id
        self.url = url
    }

    /// Refuses what breaks a rule.
    ///
    /// - Throws: `invalid_client_metadata` or `invalid_redirect_uri`.
    func check() throws(AuthorizationServer.Refusal) {
        try checkShape()
        try checkClientURI()
        try checkScope()
        try checkGrantTypes()
        try require(metadata["client_id"] == nil || metadata["client_id"]?.string == id, "client_id does not match")
        try checkAuthentication()
        try require(metadata["dpop_bound_access_tokens"]?.bool == true, "\"dpop_bound_access_tokens\" must be true")
        try require(strings("response_types", ["code"]).contains("code"), "response_types must include \"code\"")
        try require(
            strings("grant_types", ["authorization_code"]).contains("authorization_code"),
            "The \"code\" response type requires that \"grant_types\" contains \"authorization_code\""
        )
        let isNative = metadata["application_type"]?.string == "native"
        try require(
            !isNative || metadata["token_endpoint_auth_method"]?.string == "none",
            "Native clients must authenticate using \"none\" method"
        )
        for redirect in strings("redirect_uris", []) { try check(redirect: redirect, isNative: isNative) }
        if url != nil {
            try require(metadata["client_id"] != nil, "client_id is required for discoverable clients")
        }
    }

    private func require(_ isRight: Bool, _ message: String) throws(AuthorizationServer.Refusal) {
        if !isRight { throw AuthorizationServer.Refusal(code: "invalid_client_metadata", message: message) }
    }

    private func strings(_ name: String, _ standard: [String]) -> [String] {
        metadata[name]?.array?.compactMap(\.string) ?? standard
    }

    /// The types of the members, and the values of those with a closed list.
    private func checkShape() throws(AuthorizationServer.Refusal) {
        func failed(_ path: String, _ error: String) -> String {
            "Unable to obtain client metadata for \"\(id)\": Validation of \"\(path)\" failed with error: \(error)"
        }
        try require(metadata.object != nil, failed("", "Expected object, received \(metadata.kind)"))
        try require(metadata["redirect_uris"] != nil, failed("redirect_uris", "Required"))
        for name in ["redirect_uris", "response_types", "grant_types"] {
            guard let list = metadata[name] else { continue }
            try require(list.array != nil, failed(name, "Expected array, received \(list.kind)"))
            try require(list.array?.isEmpty == false, failed(name, "Array must contain at least 1 element(s)"))
            for (index, element) in (list.array ?? []).enumerated() {
                try require(
                    element.string != nil,
                    failed("\(name).\(index)", "Expected string, received \(element.kind)")
                )
            }
        }
        for (index, redirect) in strings("redirect_uris", []).enumerated() {
            do { _ = try RedirectURI(redirect) } catch {
                try require(false, failed("redirect_uris.\(index)", error.message))
            }
        }
        let lists: [(name: String, values: Set<String>)] = [
            (
                "response_types",
                [
                    "code", "token", "none", "code id_token token", "code id_token", "code token",
                    "id_token token", "id_token",
                ]
            ),
            (
                "grant_types",
                [
                    "authorization_code", "implicit", "refresh_token", "password", "client_credentials",
                    "urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:ietf:params:oauth:grant-type:saml2-bearer",
                ]
            ),
            ("application_type", ["web", "native"]), ("subject_type", ["public", "pairwise"]),
            (
                "token_endpoint_auth_method",
                [
                    "client_secret_basic", "client_secret_jwt", "client_secret_post", "none",
                    "private_key_jwt", "self_signed_tls_client_auth", "tls_client_auth",
                ]
            ),
        ]
        for (name, values) in lists {
            for value in metadata[name].map({ $0.array ?? [$0] }) ?? [] {
                try require(values.contains(value.string ?? ""), failed(name, "Invalid enum value"))
            }
        }
        for name in ["client_uri", "policy_uri", "tos_uri", "logo_uri", "jwks_uri"] {
            guard let uri = metadata[name] else { continue }
            let isLoopback =
                (uri.string.flatMap { try? WebURL($0) }).map { $0.scheme == .http && $0.isLoopback } ?? false
            let isPage = (uri.string.map { (try? RedirectURI.page($0)) != nil }) ?? false
            try require(isLoopback || isPage, failed(name, "Invalid URL"))
        }
        if let keys = metadata["jwks"] {
            try require(keys["keys"]?.array != nil, failed("jwks.keys", "Required"))
        }
    }

    private func checkClientURI() throws(AuthorizationServer.Refusal) {
        guard let uri = metadata["client_uri"]?.string.flatMap({ try? WebURL($0) }) else { return }
        try require(!ClientIdentifier.isLocal(uri.host), "client_uri hostname is invalid")
        guard let url else { return try require(false, "client_uri is not allowed for loopback clients") }
        try require(uri.origin == url.origin, "client_uri must have the same origin as the client_id")
        let parent = uri.path.hasSuffix("/") ? uri.path : uri.path + "/"
        try require(
            url.path == uri.path || url.path.hasPrefix(parent),
            "client_uri must be a parent URL of the client_id"
        )
    }

    private func checkScope() throws(AuthorizationServer.Refusal) {
        guard let scope = metadata["scope"]?.string else { return try require(false, "Missing scope property") }
        let scopes = scope.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        try require(scopes.contains("atproto"), "Missing \"atproto\" scope")
        try requireNoDuplicate(scopes, "scope")
    }

    private func checkGrantTypes() throws(AuthorizationServer.Refusal) {
        let types = strings("grant_types", ["authorization_code"])
        try requireNoDuplicate(types, "grant type")
        for type in types where type != "authorization_code" && type != "refresh_token" {
            let verdict = type == "implicit" ? "is not allowed" : "is not supported"
            try require(false, "Grant type \"\(type)\" \(verdict)")
        }
    }

    private func requireNoDuplicate(_ values: [String], _ name: String) throws(AuthorizationServer.Refusal) {
        for (index, value) in values.enumerated() {
            try require(!values[(index + 1)...].contains(value), "Duplicate \(name) \"\(value)\"")
        }
    }

    private func checkAuthentication() throws(AuthorizationServer.Refusal) {
        try require(metadata["jwks"] == nil || metadata["jwks_uri"] == nil, "jwks_uri and jwks are mutually exclusive")
        try require(
            (metadata["subject_type"]?.string ?? "public") == "public",
            "Only \"public\" subject_type is supported"
        )
        let hasAlgorithm = metadata["token_endpoint_auth_signing_alg"] != nil
        switch metadata["token_endpoint_auth_method"]?.string ?? "client_secret_basic" {
        case "none":
            let rule = "token_endpoint_auth_method \"none\" must not have token_endpoint_auth_signing_alg"
            try require(!hasAlgorithm, rule)
        case "private_key_jwt":
            let hasKeys = metadata["jwks"] != nil || metadata["jwks_uri"] != nil
            try require(hasKeys, "private_key_jwt auth method requires jwks or jwks_uri")
            try require(
                metadata["jwks"].map { !OAuthClientInformation.usable($0).isEmpty } ?? true,
                "private_key_jwt auth method requires at least one key in jwks"
            )
            try require(hasAlgorithm, "Missing token_endpoint_auth_signing_alg client metadata")
        case let method:
            let advice = "Make sure \"token_endpoint_auth_method\" is set to one of: \"none\", \"private_key_jwt\""
            try require(false, "Unsupported client authentication method \"\(method)\". \(advice)")
        }
    }

    private func check(redirect: String, isNative: Bool) throws(AuthorizationServer.Refusal) {
        func refuse(_ message: String) -> AuthorizationServer.Refusal {
            AuthorizationServer.Refusal(code: "invalid_redirect_uri", message: message)
        }
        switch try? RedirectURI(redirect) {
        case .loopback where !isNative: throw refuse("Loopback redirect URIs are only allowed for native apps")
        case .page(let page) where ClientIdentifier.isLocal(page.host):
            throw refuse("Redirect URI \"\(redirect)\"'s domain name must not be a local hostname")
        case .privateUse where !isNative:
            throw refuse("Private-Use URI Scheme redirect URI are only allowed for native apps")
        case .privateUse(let scheme):
            let expected = url?.host.split(separator: ".").reversed().joined(separator: ".")
            guard let expected, expected != scheme else { return }
            let rule =
                "must be the fully qualified domain name (FQDN) of the client_id, in reverse order (\(expected):)"
            throw refuse("Private-Use URI Scheme redirect URI, for discoverable client metadata, \(rule)")
        case .loopback, .page, nil: return
        }
    }
}
