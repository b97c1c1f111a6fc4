internal import ATProtocol
internal import Crypto
internal import Network

/// Posts each notification to a URL that the operator chose, signed with HMAC-SHA-256 over the body.
///
/// `X-Impact-Signature: sha256=<hex>`; the receiver computes the same over the bytes that it got.
struct WebhookOutput: OutputChannel {
    let url: WebURL
    let secret: [UInt8]
    let http: any HTTPClient

    func deliver(_ notification: OutputNotification) async throws {
        let body = notification.json.encoded
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

/// Why a local output did not take a notification.
struct OutputError: Error, CustomStringConvertible {
    let detail: String

    var description: String { detail }
}
