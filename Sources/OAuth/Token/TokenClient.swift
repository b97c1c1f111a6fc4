internal import ATProtocol
internal import Crypto
internal import Network

/// Sends requests to one authorization server: pushed requests, token requests, revocation.
struct TokenClient: Sendable {
    let sender: DPoPSender
    let identity: ClientIdentity
    let issuer: String
    let key: SigningKey
    /// Secrets that a response must not contain, besides those in its request.
    var redaction = SecretRedaction([])

    /// The form fields that a server must not quote.
    private static let secretFields: Set<String> = ["refresh_token", "token", "code", "code_verifier"]

    /// Posts a form with client authentication; each attempt has a new assertion and a new proof.
    ///
    /// A response without a pair of tokens is returned without the secrets that the server was sent.
    func post(
        _ fields: [(name: String, value: String)],
        to url: WebURL,
        timeout: Duration = .seconds(30)
    ) async throws(OAuthError) -> HTTPResponse {
        let response = try await sender.send(to: url, key: key) { now throws(CryptoError) in
            let form = PercentEncoding.form(fields + (try identity.fields(for: issuer, at: now)))
            return HTTPRequest(
                .post,
                url,
                headers: ["Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"],
                body: Array(form.utf8),
                timeout: timeout,
                isAlone: true
            )
        }
        guard TokenSet(response) == nil else { return response }
        let sent = SecretRedaction(fields.filter { Self.secretFields.contains($0.name) }.map(\.value))
        return redaction(sent(response))
    }

    /// Asks the server to end the session of a token (RFC 7009).
    ///
    /// A success proves nothing: the reference server reports one even after a failure.
    func revoke(_ token: String, at url: WebURL) async throws(OAuthError) {
        let response = try await post([("token", token)], to: url, timeout: .seconds(10))
        guard response.isSuccess else {
            throw OAuthError(
                code: .refused,
                sentence: "\(url.origin) did not revoke the session: \(XRPCError(response))."
            )
        }
    }
}
