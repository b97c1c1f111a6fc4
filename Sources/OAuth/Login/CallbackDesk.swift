internal import Network
internal import Synchronization

/// Recognises the callback of one login, and answers all requests to the listener.
final class CallbackDesk: Sendable {
    private let hosts = KnownHosts()
    private let state = Mutex<String?>(nil)
    private let callbacks: AsyncStream<String>
    private let continuation: AsyncStream<String>.Continuation

    /// A desk that waits for no login yet.
    init() { (callbacks, continuation) = AsyncStream.makeStream() }

    /// From now on, accepts only a callback with this state.
    func expect(state: String) { self.state.withLock { $0 = state } }

    /// Waits for the callback and returns its target; nil after ``close()``.
    func callback() async -> String? { await callbacks.first { _ in true } }

    /// Stops waiting.
    func close() { continuation.finish() }

    /// The page for a request; if it is the callback, it also ends the wait.
    func reply(to request: ServerRequest) -> ServerReply {
        guard hosts.verdict(on: request) == .known else { return page(421, "This is not the page of the login.") }
        guard request.isReading else {
            return page(405, "This page can only be read.", headers: ["Allow": "GET, HEAD"])
        }
        guard request.path == ClientIdentity.loopbackPath else {
            return page(404, "This is not the page of the login.")
        }
        let state = request.query.first { $0.name == "state" }?.value
        guard let state, state == self.state.withLock(\.self) else {
            return page(
                400,
                """
                This is not the answer to the login that waits in the terminal. That one goes on waiting: open the \
                address that it shows.
                """
            )
        }
        var page = page(200, "Back to the terminal: the login goes on there. You may close this page.")
        // A HEAD request is not the callback.
        guard request.method == "GET" else { return page }
        let target = request.path + "?" + PercentEncoding.form(request.query)
        // The program may exit after the login, so the page must be sent first.
        page.afterwards = { [continuation] in continuation.yield(target) }
        return page
    }

    private func page(_ status: Int, _ sentence: String, headers: HTTPHeaders = [:]) -> ServerReply {
        var headers = headers
        // The page's URL contains the code.
        headers["Referrer-Policy"] = "no-referrer"
        let text = "<!doctype html><meta charset=utf-8><title>impact-notifier</title><p>\(sentence)</p>"
        return ServerReply(text.utf8, type: "text/html; charset=utf-8", status: status, headers: headers)
    }
}
