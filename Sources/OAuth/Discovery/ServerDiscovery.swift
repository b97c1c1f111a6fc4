internal import ATProtocol
internal import Network

/// Finds an account's PDS and its authorization server.
struct ServerDiscovery: Sendable {
    let client: any HTTPClient
    let identities: any IdentityResolving
    let allowsLoopback: Bool

    /// An account's PDS and authorization server.
    struct Home: Sendable, Equatable {
        let pds: WebURL
        let server: AuthorizationServer
    }

    /// The account's PDS, from its DID document.
    func pds(of account: DID) async throws(OAuthError) -> WebURL {
        do throws(IdentityError) {
            return try await identities.document(of: account, isFresh: true).pds(allowsLoopback: allowsLoopback)
        } catch {
            throw OAuthError(code: .identity, sentence: "The account cannot be found: \(error).")
        }
    }

    /// The account's PDS and authorization server, without using a cache.
    func home(of account: DID) async throws(OAuthError) -> Home {
        let pds = try await pds(of: account)
        return Home(pds: pds, server: try await server(of: pds))
    }

    /// The authorization server of a PDS (RFC 9728, RFC 8414, and the network's stricter rules).
    func server(of pds: WebURL) async throws(OAuthError) -> AuthorizationServer {
        let resourceURL = pds.with(path: "/.well-known/oauth-protected-resource")
        let origin: WebURL
        if let resource = try await document(at: resourceURL) {
            guard resource["resource"]?.string == pds.origin else {
                throw invalid(pds, "its 'resource' is not \(pds.origin)")
            }
            guard let servers = resource["authorization_servers"]?.array, servers.count == 1,
                let text = servers[0].string, let url = try? WebURL(text), url.origin == text
            else { throw invalid(pds, "it does not name exactly one authorization server, as an origin") }
            guard url.scheme == .https || (allowsLoopback && url.isLoopback) else {
                throw invalid(pds, "its authorization server is not https")
            }
            origin = url
        } else {
            // A PDS without this document is its own authorization server, as in the reference client.
            origin = pds
        }
        return try await server(issuer: origin, of: pds)
    }

    /// Fetches an authorization server's metadata (RFC 8414).
    func server(issuer origin: WebURL, of pds: WebURL) async throws(OAuthError) -> AuthorizationServer {
        guard let metadata = try await document(at: origin.with(path: "/.well-known/oauth-authorization-server")) else {
            throw OAuthError(
                code: .invalidMetadata,
                sentence: "\(origin.origin) is no authorization server: it has no metadata."
            )
        }
        return try AuthorizationServer(metadata, origin: origin, resource: pds, allowsLoopback: allowsLoopback)
    }

    private func invalid(_ pds: WebURL, _ reason: String) -> OAuthError {
        OAuthError(
            code: .invalidMetadata,
            sentence: "The metadata of the PDS \(pds.origin) is not usable: \(reason)."
        )
    }

    /// Fetches a JSON document with status 200 and the right media type; nil for 404.
    private func document(at url: WebURL) async throws(OAuthError) -> JSONValue? {
        let request = HTTPRequest(
            .get,
            url,
            headers: ["Accept": "application/json"],
            timeout: .seconds(15),
            maximumBody: 256 << 10
        )
        let response: HTTPResponse
        do { response = try await client.send(request) } catch { throw OAuthError(error) }
        if response.status == 404 { return nil }
        let type = response.headers["Content-Type"]?.prefix { $0 != ";" }.lowercased() ?? ""
        guard response.status == 200, type == "application/json" || type == "application/json " else {
            throw OAuthError(
                code: .invalidMetadata,
                sentence: "\(url) answered \(response.status) \(type) instead of 200 application/json."
            )
        }
        guard let json = try? JSONValue(parsing: response.body), json.object != nil else {
            throw OAuthError(code: .invalidMetadata, sentence: "\(url) did not answer with a JSON object.")
        }
        return json
    }
}

extension ServerDiscovery {
    init(_ configuration: SessionConfiguration, _ environment: SessionEnvironment) {
        self.init(
            client: environment.client,
            identities: environment.identities,
            allowsLoopback: configuration.allowsLoopback
        )
    }
}
