internal import Network

/// A `client_id`: the URL that the client's metadata are hosted at, or `http://localhost` with its metadata in the query
/// (atproto.com/specs/oauth#clients).
enum ClientIdentifier: Sendable {
    case discoverable(WebURL)
    /// The parameters of the query.
    case loopback(scope: String, redirects: [String])

    init(_ text: String) throws(AuthorizationServer.Refusal) {
        let invalid = AuthorizationServer.Refusal(
            code: "invalid_client_metadata",
            message: "Invalid client ID \"\(text)\""
        )
        if text.hasPrefix("http://localhost") {
            guard let loopback = Self.loopback(text) else { throw invalid }
            self = loopback
            return
        }
        // WebURL takes no credentials and no fragment; the reference wants the canonical form besides.
        guard let url = try? RedirectURI.page(text), url.description == text, url.path != "/", !url.path.hasSuffix("/"),
            !Self.isAddress(url.host), !url.path.contains("/./"), !url.path.contains("/../")
        else { throw invalid }
        guard !Self.isLocal(url.host) else {
            throw AuthorizationServer.Refusal(
                code: "invalid_client_id",
                message: "The client_id's TLD must not be a local hostname"
            )
        }
        self = .discoverable(url)
    }

    /// Whether a host name can have no owner on the internet.
    static func isLocal(_ host: String) -> Bool {
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 2, let last = labels.last?.lowercased() else { return true }
        return ["test", "local", "localhost", "invalid", "example"].contains(last)
    }

    /// Whether a host is an address and no name.
    static func isAddress(_ host: String) -> Bool {
        host.contains(":") || (host.split(separator: ".").count == 4 && host.allSatisfy { $0.isNumber || $0 == "." })
    }

    private static func loopback(_ text: String) -> ClientIdentifier? {
        let tail = text.dropFirst("http://localhost".count)
        let query = tail.hasPrefix("/") ? tail.dropFirst() : tail
        guard query.isEmpty || query.hasPrefix("?"), !text.contains("#") else { return nil }
        let items = PercentEncoding.parseForm(query.dropFirst())
        let scopes = items.filter { $0.name == "scope" }.map(\.value)
        let redirects = items.filter { $0.name == "redirect_uri" }.map(\.value)
        guard scopes.count <= 1, scopes.count + redirects.count == items.count,
            redirects.allSatisfy({ if case .loopback = try? RedirectURI($0) { true } else { false } })
        else { return nil }
        return .loopback(
            scope: scopes.first ?? "atproto",
            redirects: redirects.isEmpty ? ["http://127.0.0.1/", "http://[::1]/"] : redirects
        )
    }
}
