internal import Crypto
internal import Network

/// The daemon's identity as an OAuth client.
struct ClientIdentity: Sendable {
    /// The exact `client_id`.
    let id: String
    /// The key of a confidential client; nil for a public client.
    let key: ClientKey?
    /// The redirect URI: where the browser is sent after the login.
    let redirectURI: String

    /// The path of the loopback listener.
    static let loopbackPath = "/callback"
}

extension ClientIdentity {
    /// Makes the identity for a configuration; a loopback client's redirect URI has the listener's port.
    init(
        _ configuration: SessionConfiguration,
        port: UInt16?,
        files: any SessionFileSystem
    ) throws(OAuthError) {
        switch configuration.kind {
        case .confidential:
            guard let id = configuration.clientID, let keyPath = configuration.clientKeyPath else {
                throw OAuthError(
                    code: .configuration,
                    sentence: "A confidential client needs the URL of its hosted metadata and the file of its key."
                )
            }
            try Self.check(id, allowsLoopback: configuration.allowsLoopback)
            self.id = id
            key = try ClientKey.load(keyPath, files: files)
            redirectURI = configuration.redirectURI ?? Self.callbackPage(beside: id)
        case .loopback:
            let declared = "http://127.0.0.1" + Self.loopbackPath
            // A server rejects a client whose metadata declares unknown scopes, even if the client does not ask for
            // them.
            let scope = configuration.scopes(of: configuration.scope).joined(separator: " ")
            id = configuration.clientID ?? LoopbackClientID(scope: scope, redirectURIs: [declared]).text
            guard !id.hasPrefix("http://localhost") || LoopbackClientID(id) != nil else {
                throw OAuthError(
                    code: .configuration,
                    sentence: "The client id '\(id)' is none of a loopback client: leave session.client_id out."
                )
            }
            key = nil
            redirectURI = port.map { "http://127.0.0.1:\($0)" + Self.loopbackPath } ?? declared
        case .appPassword:
            throw OAuthError(code: .configuration, sentence: "An app-password session has no OAuth client.")
        }
    }

    /// The URL of `callback.html` in the same directory as the metadata document.
    static func callbackPage(beside id: String) -> String {
        (id.lastIndex(of: "/").map { String(id[...$0]) } ?? id + "/") + "callback.html"
    }

    /// Checks the rules for the URL of a metadata document (atproto.com/specs/oauth#clients).
    static func check(_ id: String, allowsLoopback: Bool) throws(OAuthError) {
        func wrong(_ reason: String) -> OAuthError {
            OAuthError(code: .configuration, sentence: "The client id '\(id)' \(reason).")
        }
        let url: WebURL
        do { url = try WebURL(id) } catch { throw wrong(error.reason) }
        guard url.description == id else { throw wrong("is not in canonical form; write \(url)") }
        guard url.target != "/", !url.target.hasSuffix("/") else { throw wrong("has no path to a document") }
        if allowsLoopback, url.isLoopback { return }
        guard url.scheme == .https, url.port == nil else { throw wrong("is not https on the default port") }
        guard !WebURL.isAddress(url.host), url.host.contains(".") else {
            throw wrong("has no host name")
        }
    }

    /// The form fields that identify and authenticate the client, new for each attempt (RFC 7523 §2.2).
    ///
    /// The audience is the issuer; servers reject the token endpoint's URL. The time is the server's.
    func fields(for issuer: String, at now: UnixTime) throws(CryptoError) -> [(name: String, value: String)] {
        var fields = [(name: "client_id", value: id)]
        guard let key else { return fields }
        fields.append(("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"))
        fields.append(("client_assertion", try ClientAssertion.make(id, key, audience: issuer, at: now)))
        return fields
    }
}

extension SessionConfiguration {
    /// What keeps a URL from being the id of a hosted client, as a sentence; nil when nothing does.
    public static func objection(toClientID id: String) -> String? {
        do throws(OAuthError) {
            try ClientIdentity.check(id, allowsLoopback: false)
            return nil
        } catch { return error.sentence }
    }
}
