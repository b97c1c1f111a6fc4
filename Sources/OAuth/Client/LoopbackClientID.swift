internal import Network

/// The `client_id` that needs no hosting: `http://localhost?redirect_uri=…&scope=…` (atproto.com/specs/oauth).
///
/// The whole string is the identity. A refresh with another spelling ends the session, so the string is stored
/// verbatim.
struct LoopbackClientID: Sendable, Equatable {
    /// The scopes that a login may ask for.
    let scope: String
    /// Loopback addresses with a path; the port may be any at request time.
    let redirectURIs: [String]

    init(scope: String, redirectURIs: [String]) {
        self.scope = scope
        self.redirectURIs = redirectURIs
    }

    /// Parses a `client_id`; nil when a server would reject it.
    init?(_ text: String) {
        guard text.hasPrefix("http://localhost") else { return nil }
        var rest = text.dropFirst(16)
        if rest.hasPrefix("/") { rest = rest.dropFirst() }
        guard rest.isEmpty || rest.hasPrefix("?"), !rest.contains("#") else { return nil }
        var scope: String?
        var redirects: [String] = []
        for (name, value) in PercentEncoding.parseForm(rest.dropFirst()) {
            switch name {
            case "scope" where scope == nil: scope = value
            case "redirect_uri": redirects.append(value)
            default: return nil
            }
        }
        self.scope = scope ?? "atproto"
        redirectURIs = redirects.isEmpty ? ["http://127.0.0.1/", "http://[::1]/"] : redirects
        let areLoopback = redirectURIs.allSatisfy { text in
            guard let url = try? WebURL(text) else { return false }
            return url.scheme == .http && (url.host == "127.0.0.1" || url.host == "::1")
        }
        guard areLoopback, self.scope.split(separator: " ").contains("atproto") else { return nil }
    }

    /// The `client_id`.
    var text: String {
        "http://localhost?"
            + PercentEncoding.form(redirectURIs.map { (name: "redirect_uri", value: $0) } + [("scope", scope)])
    }
}
