internal import Crypto
internal import Network

/// Who the daemon is to an authorization server.
struct ClientIdentity: Sendable {
    /// The exact `client_id`.
    let id: String
    /// The key of a confidential client; nil for a public one.
    let key: ClientKey?
    /// Where the browser is sent back to.
    let redirectURI: String

    /// Path of the loopback listener.
    static let loopbackPath = "/callback"

    /// Builds the identity that a configuration describes; a loopback client's redirect has the listener's port.
    init(
        _ configuration: SessionConfiguration,
        port: UInt16?,
        files: any SessionFileSystem
    ) throws(OAuthFailure) {
        switch configuration.kind {
        case .confidential:
            guard let id = configuration.clientID, let keyPath = configuration.clientKeyPath else {
                throw OAuthFailure(
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
            // Servers refuse a client that declares scopes which they do not know, also when it does not ask for them.
            let scope = configuration.scopes(of: configuration.scope).joined(separator: " ")
            id = configuration.clientID ?? LoopbackClientID(scope: scope, redirectURIs: [declared]).text
            guard !id.hasPrefix("http://localhost") || LoopbackClientID(id) != nil else {
                throw OAuthFailure(
                    code: .configuration,
                    sentence: "The client id '\(id)' is none of a loopback client: leave session.client_id out."
                )
            }
            key = nil
            redirectURI = port.map { "http://127.0.0.1:\($0)" + Self.loopbackPath } ?? declared
        case .appPassword:
            throw OAuthFailure(code: .configuration, sentence: "An app-password session has no OAuth client.")
        }
    }

    /// `callback.html` beside the metadata document.
    static func callbackPage(beside id: String) -> String {
        (id.lastIndex(of: "/").map { String(id[...$0]) } ?? id + "/") + "callback.html"
    }

    /// The rules for the URL of a metadata document (atproto.com/specs/oauth#clients).
    static func check(_ id: String, allowsLoopback: Bool) throws(OAuthFailure) {
        func wrong(_ reason: String) -> OAuthFailure {
            OAuthFailure(code: .configuration, sentence: "The client id '\(id)' \(reason).")
        }
        let url: WebURL
        do { url = try WebURL(id) } catch { throw wrong(error.reason) }
        guard url.description == id else { throw wrong("is not in canonical form; write \(url)") }
        guard url.target != "/", !url.target.hasSuffix("/") else { throw wrong("has no path to a document") }
        if allowsLoopback, url.isLoopback { return }
        guard url.scheme == .https, url.port == nil else { throw wrong("is not https on the default port") }
        guard IPv4Address(url.host) == nil, !url.host.contains(":"), url.host.contains(".") else {
            throw wrong("has no host name")
        }
    }

    /// The form fields by which the client names and proves itself, fresh for each attempt (RFC 7523 §2.2).
    ///
    /// The audience is the issuer, the token endpoint's URL is refused; the time is the server's.
    func fields(for issuer: String, at now: UnixTime) throws(CryptoFailure) -> [(name: String, value: String)] {
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
        do throws(OAuthFailure) {
            try ClientIdentity.check(id, allowsLoopback: false)
            return nil
        } catch { return error.sentence }
    }
}
