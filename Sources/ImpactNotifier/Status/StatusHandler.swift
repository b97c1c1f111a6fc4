internal import ATProtocol
internal import Network

/// Answers one request to the status endpoint.
struct StatusHandler: Sendable {
    /// Where the answers come from.
    let source: StatusSource
    /// The names by which the endpoint may be asked.
    let hosts: KnownHosts
    /// The pages for people.
    let pages: StatusPages
    /// The route for questions about change requests.
    let requests: RequestRoute

    /// The answer; available at once, except for questions about change requests.
    func answer(to request: ServerRequest) -> ServerAnswer {
        if let refusal = refusal(of: request) { return .now(refusal) }
        return requests.answer(to: request) ?? .now(reply(to: request))
    }

    private func refusal(of request: ServerRequest) -> ServerReply? {
        switch hosts.verdict(on: request) {
        case .known: break
        case .malformed: return text("the request must name one host\n", status: 400)
        case .unknown(let name):
            let advice = "add it to status.hosts in the configuration, or ask by the IP address"
            return text("this endpoint is not known by the name '\(name)': \(advice)\n", status: 421)
        }
        guard request.isReading else {
            return text("only GET and HEAD\n", status: 405, headers: ["Allow": "GET, HEAD"])
        }
        return nil
    }

    private func reply(to request: ServerRequest) -> ServerReply {
        switch request.path {
        case "/healthz": return text(source.isSendingOff() ? "ok, in shadow mode: nothing is sent\n" : "ok\n")
        case "/readyz":
            let pending = source.pending()
            guard pending.isEmpty else {
                return text("waiting for: \(pending.joined(separator: ", "))\n", status: 503)
            }
            return text(source.obstacle().map { "ok, but nothing can be sent: \($0)\n" } ?? "ok\n")
        case "/status":
            return ServerReply(source.status().encoded + [UInt8(ascii: "\n")], type: "application/json")
        case "/metrics":
            let format = PrometheusExposition(accept: request.headers["Accept"])
            return ServerReply(format.render(source.metrics()).utf8, type: format.contentType)
        case "/": return pages.reply(to: request)
        default: return text("not found\n", status: 404)
        }
    }

    private func text(_ body: String, status: Int = 200, headers: HTTPHeaders = [:]) -> ServerReply {
        ServerReply(body.utf8, status: status, headers: headers)
    }
}
