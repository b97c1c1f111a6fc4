import Network
import Sandbox

@testable import Notifier

/// Rows 11 to 13: the way from the PDS to the chat service.
extension FailureRow {
    private static func proxy(_ number: Int, _ value: String, _ sign: Sign) -> FailureRow {
        FailureRow(number, "atproto-proxy: \(value)", sign, .paused) { $0.configuration.sending.proxy = value }
    }

    private static let misconfigured = Sign.attempt(.openConversation, .pause, .proxyMisconfigured)
    private static let unreachable = Sign.attempt(.openConversation, .retry, .chatNotReachable)

    static let service: [FailureRow] =
        [
            "did:web:api.bsky.chat", "did:web:api.bsky.chat#", "#bsky_chat", "did:web:api.bsky.chat#bsky#chat",
            "did:web:api.bsky.chat #bsky_chat", "did:web:api.bsky.chat#wrong",
        ].map { proxy(11, $0, misconfigured) } + [
            FailureRow(
                11,
                named(400, "InvalidRequest", "No service configured for chat.bsky.convo.getConvoForMembers"),
                on: "getConvoForMembers",
                misconfigured,
                .delivered
            ),
            proxy(
                12,
                "did:web:nowhere.invalid#bsky_chat",
                .attempt(.openConversation, .retry, .proxyUnresolved)
            ),
            FailureRow(
                12,
                named(400, "InvalidRequest", "could not resolve proxy did"),
                on: "getConvoForMembers",
                .attempt(.openConversation, .retry, .proxyUnresolved),
                .delivered
            ),
            FailureRow(13, "the proxy header is lost once", unreachable, .delivered) { $0.loseProxyHeader(times: 1) },
            FailureRow(13, "the proxy header is always lost", unreachable, .paused) {
                $0.loseProxyHeader(times: 1000)
            },
            FailureRow(
                13,
                answer(404, "<html><body><h1>404 Not Found</h1></body></html>"),
                on: "getConvoForMembers",
                unreachable,
                .delivered
            ),
            FailureRow(
                13,
                answer(404, "<html><body><h1>404 Not Found</h1></body></html>"),
                .attempt(.sendMessage, .retry, .chatNotReachable),
                .delivered
            ),
            FailureRow(
                13,
                named(501, "MethodNotImplemented", "Method Not Implemented"),
                .attempt(.sendMessage, .retry, .chatNotReachable),
                .delivered
            ),
            FailureRow(
                13,
                answer(403, "<html><body>Forbidden</body></html>"),
                .attempt(.sendMessage, .retry, .chatNotReachable),
                .delivered
            ),
        ]
}

extension FailureStage {
    fileprivate func loseProxyHeader(times: Int) {
        client.change("chat.bsky", times: times) { $0.headers["atproto-proxy"] = nil }
    }
}
