import Network
import Sandbox

@testable import Notifier

/// Rows 1, 2 and 14 to 17: the way, its limits and its ends.
extension FailureRow {
    private static let refused = Sign.attempt(.sendMessage, .retry, .connectionFailed)
    private static let doubt = Sign.attempt(.sendMessage, .verify, .outcomeUnknown)

    static let connection: [FailureRow] =
        [
            FailureRow(1, "nobody listens", refused, .delivered) { $0.lead("sendMessage", to: "http://127.0.0.1:1") },
            FailureRow(1, "no TLS where TLS should be", refused, .delivered) { stage in
                stage.lead("sendMessage", to: "https://127.0.0.1:\(stage.network.pdsURL.port ?? 80)")
            },
            fault(2, "lost after storing", .dropAfter),
            fault(2, "lost before storing", .dropBefore),
            fault(2, "reset after storing", .resetAfter),
            fault(2, "reset before storing", .resetBefore),
            fault(2, "200 cut by the connection", .truncated),
            FailureRow(2, "silence", doubt, .delivered) { stage in
                stage.network.faults.add(.silence, on: "sendMessage")
                stage.client.change("sendMessage") { $0.timeout = .seconds(2) }
            },
            FailureRow(2, answer(200, #"{"id":"3k","rev":"#), on: "sendMessage", after: true, doubt, .delivered),
            FailureRow(2, answer(200, "<html>Welcome</html>"), on: "sendMessage", after: true, doubt, .delivered),
            FailureRow(2, answer(200, "{}"), on: "sendMessage", after: true, doubt, .delivered),
            FailureRow(
                2,
                answer(200, #"{"convo":{"id":"3k"#),
                on: "getConvoForMembers",
                .attempt(.openConversation, .retry, .answerUnreadable),
                .delivered
            ),
        ] + limits + [
            FailureRow(16, named(502, "UpstreamFailure", "Upstream service unreachable"), doubt, .delivered),
            fault(16, "502 after storing", .upstreamFailureAfter),
            FailureRow(
                16,
                named(502, "UpstreamFailure", "Upstream service unreachable"),
                on: "getConvoForMembers",
                .attempt(.openConversation, .retry, .upstreamUnreachable),
                .delivered
            ),
        ] + serverErrors.map { FailureRow(17, $0, doubt, .delivered) }
        + serverErrors.map {
            FailureRow(
                17,
                $0,
                on: "getConvoForMembers",
                .attempt(.openConversation, .retry, .serverError),
                .delivered
            )
        } + [
            FailureRow(
                17,
                answer(400, #"{"error":"NotFollowedBy"#),
                on: "getConvoForMembers",
                .attempt(.openConversation, .retry, .answerUnreadable),
                .delivered
            ),
            FailureRow(
                17,
                "a proxy DID of an unknown method, which is a 500 on every call",
                .attempt(.openConversation, .retry, .serverError),
                .paused
            ) { $0.configuration.sending.proxy = "did:foo:bar#bsky_chat" },
        ]

    private static let serverErrors = [
        named(500, "InternalServerError", "Internal Server Error"),
        answer(500, "unable to resolve service 'bsky_chat'"),
        named(503, "NotEnoughResources", "Not Enough Resources"),
        named(504, "UpstreamTimeout", "Upstream Timeout"),
        answer(503, "<html><body>503 Service Temporarily Unavailable</body></html>"),
        answer(408, "{}"), answer(425, "{}"), answer(520, "{}"), answer(522, "{}"), answer(524, "{}"),
    ]

    private static let limits: [FailureRow] = [
        limit(14, .pdsRateLimited, ["RateLimit-Limit": "3000", "RateLimit-Remaining": "0", "Retry-After": "30"]),
        limit(14, .pdsRateLimited, ["RateLimit-Remaining": "0", "RateLimit-Reset": "4102444800"]),
        limit(14, .pdsRateLimited, ["Retry-After": "30"]),
        limit(14, .pdsRateLimited, ["Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"]),
        limit(15, .chatRateLimited, ["RateLimit-Limit": "3000", "RateLimit-Remaining": "2900"]),
        limit(15, .chatRateLimited, [:]),
        FailureRow(
            15,
            answer(429, "Too Many Requests"),
            on: "getConvoForMembers",
            .attempt(.openConversation, .retry, .chatRateLimited),
            .delivered
        ),
    ]

    private static func limit(_ number: Int, _ reason: Reason, _ headers: HTTPHeaders) -> FailureRow {
        let answer = named(429, "RateLimitExceeded", "Rate Limit Exceeded", headers)
        return FailureRow(number, answer, .attempt(.sendMessage, .retry, reason), .delivered)
    }

    private static func fault(_ number: Int, _ title: String, _ fault: Fault) -> FailureRow {
        FailureRow(number, title, doubt, .delivered) { $0.network.faults.add(fault, on: "sendMessage") }
    }
}

extension FailureStage {
    /// Leads the next call of a method to another place.
    func lead(_ method: String, to origin: String) {
        client.change(method) { request in
            guard let url = try? WebURL(origin) else { return }
            request.url = url.with(path: request.url.path)
        }
    }
}
