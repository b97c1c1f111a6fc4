package import ATProtocol
internal import Crypto
package import Network

/// Posts each notification to a URL that the operator chose, signed with HMAC-SHA-256 over the body.
///
/// The field is `X-Impact-Signature: sha256=<hex>`. The receiver computes the same over the bytes of the body.
package struct WebhookOutput: OutputChannel {
    let url: WebURL
    let secret: [UInt8]
    let http: any HTTPClient

    /// Posts to `url`, with signatures made with `secret`.
    package init(url: WebURL, secret: [UInt8], http: any HTTPClient) {
        self.url = url
        self.secret = secret
        self.http = http
    }

    package func deliver(_ notification: JSONValue) async throws {
        let body = notification.encoded
        let response = try await http.send(
            HTTPRequest(
                .post,
                url,
                headers: [
                    "Content-Type": "application/json", "X-Impact-Signature": "sha256=" + Self.signature(body, secret),
                ],
                body: body,
                timeout: .seconds(10),
                maximumBody: 64 << 10
            )
        )
        guard response.isSuccess else { throw OutputError(detail: "the webhook answered \(response.status)") }
    }

    static func signature(_ body: [UInt8], _ secret: [UInt8]) -> String {
        Hexadecimal.encode(Digest.hmacSHA256(key: secret, body))
    }
}

/// Why a local output failed.
package struct OutputError: Error, CustomStringConvertible {
    let detail: String

    package var description: String { detail }
}
