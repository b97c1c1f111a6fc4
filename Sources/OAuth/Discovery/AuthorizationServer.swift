internal import ATProtocol
internal import Network

/// An authorization server's metadata, after all checks of the profile (atproto.com/specs/oauth).
struct AuthorizationServer: Sendable, Equatable {
    let issuer: String
    let authorizationEndpoint: WebURL
    let tokenEndpoint: WebURL
    let pushedRequestEndpoint: WebURL
    let revocationEndpoint: WebURL?

    /// Checks a metadata document.
    ///
    /// Its issuer must be the origin from which it was fetched; otherwise another server could impersonate this one. If
    /// it lists protected resources, the PDS must be among them.
    init(_ json: JSONValue, origin: WebURL, resource: WebURL, allowsLoopback: Bool) throws(OAuthError) {
        func wrong(_ reason: String) -> OAuthError {
            OAuthError(
                code: .invalidMetadata,
                sentence: "The metadata of the authorization server \(origin.origin) is not usable: \(reason)."
            )
        }
        func list(_ name: String) -> [String] { json[name]?.array?.compactMap(\.string) ?? [] }
        func requireMember(_ name: String, _ values: [String]) throws(OAuthError) {
            guard values.allSatisfy(list(name).contains) else {
                throw wrong("\(name) does not list \(values.joined(separator: " and "))")
            }
        }
        func requireTrue(_ name: String) throws(OAuthError) {
            guard json[name]?.bool == true else { throw wrong("\(name) is not true") }
        }
        func endpoint(_ name: String) throws(OAuthError) -> WebURL {
            guard let text = json[name]?.string, let url = try? WebURL(text) else {
                throw wrong("\(name) is not a URL")
            }
            guard url.scheme == .https || (allowsLoopback && url.isLoopback) else {
                throw wrong("\(name) is not https")
            }
            return url
        }
        guard json["issuer"]?.string == origin.origin else { throw wrong("its issuer is another one") }
        if json["protected_resources"] != nil {
            guard list("protected_resources").contains(resource.origin) else {
                throw wrong("it does not serve \(resource.origin)")
            }
        }
        try requireMember("response_types_supported", ["code"])
        try requireMember("grant_types_supported", ["authorization_code", "refresh_token"])
        try requireMember("code_challenge_methods_supported", ["S256"])
        try requireMember("token_endpoint_auth_methods_supported", ["none", "private_key_jwt"])
        try requireMember("token_endpoint_auth_signing_alg_values_supported", ["ES256"])
        guard !list("token_endpoint_auth_signing_alg_values_supported").contains("none") else {
            throw wrong("it accepts unsigned assertions")
        }
        try requireMember("scopes_supported", ["atproto"])
        try requireMember("dpop_signing_alg_values_supported", ["ES256"])
        try requireTrue("authorization_response_iss_parameter_supported")
        try requireTrue("require_pushed_authorization_requests")
        try requireTrue("client_id_metadata_document_supported")
        guard json["require_request_uri_registration"]?.bool != false else {
            throw wrong("it does not require the registration of request URIs")
        }
        issuer = origin.origin
        authorizationEndpoint = try endpoint("authorization_endpoint")
        tokenEndpoint = try endpoint("token_endpoint")
        pushedRequestEndpoint = try endpoint("pushed_authorization_request_endpoint")
        revocationEndpoint = json["revocation_endpoint"] == nil ? nil : try endpoint("revocation_endpoint")
    }
}
