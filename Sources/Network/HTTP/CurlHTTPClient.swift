/// An HTTP client on libcurl; one thread drives all of its transfers.
///
/// It follows no redirect, keeps no cookie and reads no environment variable. A host chosen by a stranger is reached
/// only through the guard: `https`, port 443, a public name and, at connect time, a public address; never through a
/// proxy.
public final class CurlHTTPClient: HTTPClient {
    private let configuration: HTTPClientConfiguration
    private let hostGuard: HostGuard
    private let loop: CurlLoop

    /// Why no client in this process can make a secure request, for the operator; nil when they can.
    ///
    /// The cause is the libcurl that the program uses. Each secure request would fail with the same text.
    public static var obstacle: String? { CertificateRule.obstacle }

    /// Starts the client's thread; it ends when the client is released.
    public init(configuration: HTTPClientConfiguration) {
        self.configuration = configuration
        hostGuard = HostGuard(allowsLoopback: configuration.allowsLoopback)
        loop = CurlLoop.start(connectionsPerHost: configuration.connectionsPerHost)
    }

    deinit { loop.stop() }

    /// Makes one request and waits for the whole response; cancelling the task ends the transfer.
    public func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        if let refusal = hostGuard.refusal(of: request) {
            throw HTTPError(
                code: refusal.code,
                origin: request.url.origin,
                detail: refusal.detail,
                mayHaveBeenSent: false
            )
        }
        guard request.headers.allSatisfy(\.isSafe) else {
            throw HTTPError(
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
