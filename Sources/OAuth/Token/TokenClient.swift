internal import ATProtocol
internal import Crypto
internal import Network

/// Speaks to one authorization server: pushed requests, token requests, revocation; each form-encoded, proven, alone.
struct TokenClient: Sendable {
    let sender: DPoPSender
    let identity: ClientIdentity
    let issuer: String
    let key: SigningKey

    /// POSTs a form with the client's identification; a fresh assertion and proof for each attempt.
    func post(
        _ fields: [(name: String, value: String)],
        to url: WebURL,
        timeout: Duration = .seconds(30)
    ) async throws(OAuthFailure) -> HTTPResponse {
        try await sender.send(to: url, key: key) { now throws(CryptoFailure) in
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
    }

    /// Ends the session that a token belongs to, as well as may be (RFC 7009).
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
