internal import ATProtocol
internal import Network
internal import Synchronization

/// Where the authorization server gets client metadata from: documents that a test hosts, fetched and cached as over the
/// network.
///
/// A fetch is in the journal, and a fault on `client GET https://…` strikes it.
final class ClientDirectory: Sendable {
    /// How long the reference server keeps a document, in seconds.
    private static let lifetime = 600.0

    private struct State {
        var documents: [String: HTTPResponse] = [:]
        var cache: [String: (document: JSONValue, until: Double)] = [:]
    }

    private let clock: SandboxClock
    private let door: FrontDoor
    private let state = Mutex(State())

    init(clock: SandboxClock, door: FrontDoor) {
        self.clock = clock
        self.door = door
    }

    /// Hosts a document at a URL, or takes it away with nil; what is in the cache stays there.
    func host(_ document: JSONValue?, at url: String) {
        state.withLock { $0.documents[url] = document.map { .json($0) } }
    }

    /// The client of an identifier.
    ///
    /// - Throws: a refusal with the code of RFC 7591 §3.2.2.
    func client(_ id: String) throws(AuthorizationServer.Refusal) -> OAuthClientInformation {
        switch try ClientIdentifier(id) {
        case .loopback(let scope, let redirects):
            let metadata: JSONValue = [
                "client_id": .string(id), "redirect_uris": .array(redirects.map(JSONValue.string)),
                "scope": .string(scope), "grant_types": ["authorization_code", "refresh_token"],
                "application_type": "native", "token_endpoint_auth_method": "none", "dpop_bound_access_tokens": true,
            ]
            try ClientMetadataRules(metadata, id: id, url: nil).check()
            return OAuthClientInformation(metadata, id: id, jwks: nil)
        case .discoverable(let url):
            let metadata = try document(at: id, "Unable to obtain client metadata for \"\(id)\"") {
                metadata throws(AuthorizationServer.Refusal) in
                try ClientMetadataRules(metadata, id: id, url: url).check()
            }
            var jwks: JSONValue?
            if let uri = metadata["jwks_uri"]?.string {
                jwks = try document(at: uri, "Unable to obtain jwks from \"\(uri)\" for \"\(id)\"")
            }
            return OAuthClientInformation(metadata, id: id, jwks: jwks)
        }
    }

    /// A document, from the cache or fetched; only one that passes the check is kept.
    private func document(
        at url: String,
        _ sentence: String,
        _ check: (JSONValue) throws(AuthorizationServer.Refusal) -> Void = { _ in }
    ) throws(AuthorizationServer.Refusal) -> JSONValue {
        let now = clock.now().seconds
        if let known = state.withLock({ $0.cache[url] }), now < known.until { return known.document }
        func unable(_ reason: String) -> AuthorizationServer.Refusal {
            AuthorizationServer.Refusal(code: "invalid_client_metadata", message: "\(sentence): \(reason)")
        }
        guard let response = fetch(url), !(300..<400).contains(response.status) else { throw unable("fetch failed") }
        guard response.isSuccess else { throw unable("Unexpected status code \(response.status)") }
        let type = String((response.headers["Content-Type"] ?? "").prefix { $0 != ";" })
        guard type == "application/json" else { throw unable("Unexpected response Content-Type (\(type))") }
        guard let document = try? JSONValue(parsing: response.body) else {
            throw unable("Unable to parse response as JSON")
        }
        try check(document)
        state.withLock { $0.cache[url] = (document, now + Self.lifetime) }
        return document
    }

    /// The response; nil when the connection fails.
    private func fetch(_ url: String) -> HTTPResponse? {
        let request = IncomingRequest(server: "client", method: "GET", target: url, headers: [:], body: [])
        let hosted = state.withLock { $0.documents[url] } ?? .text("Not Found", status: 404)
        let (reply, fault) = door.admit(request, to: { _ in .response(hosted) })
        return switch fault?.effect {
        case nil, .respond, .delay, .trickle, .misbehave, .falsify: reply.response
        // Padded, it is larger than the authorization server reads.
        case .close, .reset, .truncate, .silence, .pad: nil
        }
    }
}
