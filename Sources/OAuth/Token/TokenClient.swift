internal import ATProtocol
internal import Crypto
internal import Network

/// Speaks to one authorization server: pushed requests, token requests, revocation; each form-encoded, proven, alone.
struct TokenClient: Sendable {
    let sender: DPoPSender
    let identity: ClientIdentity
    let issuer: String
    let key: SigningKey
    /// What an answer must not hold, beside what it was asked with.
    var redaction = SecretRedaction([])

    /// Fields that a server must not quote back.
    private static let secretFields: Set<String> = ["refresh_token", "token", "code", "code_verifier"]

    /// POSTs a form with the client's identification; a fresh assertion and proof for each attempt.
    ///
    /// An answer that holds no pair of tokens holds none of the secrets that the server was sent, either.
    func post(
        _ fields: [(name: String, value: String)],
        to url: WebURL,
        timeout: Duration = .seconds(30)
    ) async throws(OAuthFailure) -> HTTPResponse {
        let response = try await sender.send(to: url, key: key) { now throws(CryptoFailure) in
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

    /// Asks the server to end the session that a token belongs to (RFC 7009).
    ///
    /// That it agrees proves nothing: the reference server agrees when it failed, too.
    func revoke(_ token: String, at url: WebURL) async throws(OAuthFailure) {
        let response = try await post([("token", token)], to: url, timeout: .seconds(10))
        guard response.isSuccess else {
            throw OAuthFailure(
                code: .refused,
                sentence: "\(url.origin) did not revoke the session: \(XRPCError(response))."
            )
        }
    }
}
