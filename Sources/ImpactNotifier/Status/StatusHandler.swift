internal import ATProtocol
internal import FlyingFox
internal import FoundationEssentials

/// Answers one request to the status endpoint.
struct StatusHandler: HTTPHandler {
    private let source: StatusSource

    /// A handler that asks this source.
    init(source: StatusSource) {
        self.source = source
    }

    /// The answer; never throws.
    func handleRequest(_ request: HTTPRequest) async -> HTTPResponse {
        let response = await answer(to: request)
        guard request.method == .HEAD else { return response }
        // RFC 9110 §9.3.2: the same fields, and no content. The server library would send it.
        var headers = response.headers
        headers[.contentLength] = String((try? await response.bodyData.count) ?? 0)
        return HTTPResponse(statusCode: response.statusCode, headers: headers)
    }

    private func answer(to request: HTTPRequest) async -> HTTPResponse {
        guard [.GET, .HEAD].contains(request.method) else {
            var response = text("only GET and HEAD\n", status: .methodNotAllowed)
            response.headers[HTTPHeader("Allow")] = "GET, HEAD"
            return response
        }
        switch request.path {
        case "/healthz": return text("ok\n")
        case "/readyz":
            let pending = await source.pending()
            guard !pending.isEmpty else {
                return text(await source.obstacle().map { "ok, but nothing can be sent: \($0)\n" } ?? "ok\n")
            }
            return text("waiting for: \(pending.joined(separator: ", "))\n", status: .serviceUnavailable)
        case "/status":
            return answer(await source.status().encoded + [UInt8(ascii: "\n")], type: "application/json")
        case "/metrics":
            let format = PrometheusExposition(accept: request.headers[HTTPHeader("Accept")])
            return answer(Array(format.render(await source.metrics()).utf8), type: format.contentType)
        case "/": return text("impact-notifier: /healthz /readyz /status /metrics\n")
        default: return text("not found\n", status: .notFound)
        }
    }

    private func text(_ body: String, status: HTTPStatusCode = .ok) -> HTTPResponse {
        answer(Array(body.utf8), type: "text/plain; charset=utf-8", status: status)
    }

    private func answer(_ body: [UInt8], type: String, status: HTTPStatusCode = .ok) -> HTTPResponse {
        HTTPResponse(
            statusCode: status,
            headers: [.contentType: type, .cacheControl: "no-store", HTTPHeader("X-Content-Type-Options"): "nosniff"],
            body: Data(body)
        )
    }
}
