/// HTTP by libcurl: one thread drives every transfer of the client.
///
/// No redirect is followed, no cookie kept, no variable of the environment read. A host that a stranger chose is reached
/// only through the guard: `https`, port 443, a public name and, at connect time, a public address, never by a proxy.
public final class CurlHTTPClient: HTTPClient {
    private let configuration: HTTPClientConfiguration
    private let hostGuard: HostGuard
    private let loop: CurlLoop

    /// Why no client of this process can make a secure request, in an operator's words; nil when each can.
    ///
    /// It is the libcurl that the program runs with; each request would fail with the same words.
    public static var obstacle: String? { CertificateRule.obstacle }

    /// Starts the client's thread; it ends when the client is released.
    public init(configuration: HTTPClientConfiguration) {
        self.configuration = configuration
        hostGuard = HostGuard(allowsLoopback: configuration.allowsLoopback)
        loop = CurlLoop.start(connectionsPerHost: configuration.connectionsPerHost)
    }

    deinit { loop.stop() }

    /// Makes one request and waits for the whole answer; cancelling the task ends the transfer.
    public func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        if let refusal = hostGuard.refusal(of: request) {
            throw HTTPFailure(
                code: refusal.code,
                origin: request.url.origin,
                detail: refusal.detail,
                mayHaveBeenSent: false
            )
        }
        guard request.headers.allSatisfy(\.isSafe) else {
            throw HTTPFailure(
                code: .unsupported,
                origin: request.url.origin,
                detail: "a header field has a control character in it",
                mayHaveBeenSent: false
            )
        }
        let transfer = CurlTransfer(request: request, configuration: configuration)
        let loop = loop
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                transfer.continuation = continuation
                loop.post(.start(transfer))
            }
        } onCancel: {
            loop.post(.cancel(transfer))
        }
        return try result.get()
    }
}
