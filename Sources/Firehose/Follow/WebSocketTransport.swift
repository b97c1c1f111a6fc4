internal import ATProtocol
internal import Logging
internal import Network
internal import WebSocket

/// Streams over WebSocket, the transport of all hosts on the network.
struct WebSocketTransport: StreamTransport {
    private let configuration: StreamConfiguration
    /// Kept across reconnects: holds the TLS sessions that can be resumed.
    private let tls: TLSContext
    /// Kept across reconnects: remembers the addresses that accepted a connection and then failed.
    private let addresses = AddressMemory()
    private let logger: Logger

    init(configuration: StreamConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        tls = TLSContext(extraAuthorities: configuration.certificateAuthorities)
    }

    func run(_ request: StreamRequest, _ reader: consuming sending StreamReader) async -> StreamTransportEnd {
        var socket = WebSocketConfiguration(
            url: request.url,
            tls: tls,
            proxy: configuration.proxy,
            allowsLoopback: configuration.allowsLoopback
        )
        socket.addresses = addresses
        socket.subprotocols = request.subprotocols
        socket.deflate = request.offersCompression ? DeflateOffer() : nil
        socket.key = request.key
        socket.headers = ["User-Agent": configuration.userAgent]
        socket.coalesce = configuration.coalesce
        socket.limits.message = configuration.maximumMessage
        do throws(WebSocketError) {
            let connection = try WebSocketConnection(socket, logger: logger)
            let closure = try await connection.run(ReaderHandler(reader))
            guard !Task.isCancelled else { return .cancelled }
            return .closed(code: closure.code.rawValue, reason: request.key.hidden(in: closure.reason))
        } catch {
            return Self.end(error, of: request.key, now: SystemClock().now())
        }
    }

    /// Translates a failure for the follower; hides the key, which the server may quote.
    static func end(_ failure: WebSocketError, of key: HostKey?, now: UnixTime) -> StreamTransportEnd {
        if failure.code == .cancelled || Task.isCancelled { return .cancelled }
        guard let refusal = failure.refusal else {
            return .lost(code: failure.code.rawValue, detail: failure.detail)
        }
        let error = XRPCError(HTTPResponse(status: refusal.status, headers: refusal.headers, body: refusal.body))
        // For an answer that is not XRPC, the status says more than its web page.
        let words = error.message.flatMap { $0.hasPrefix("<") ? nil : " ('\($0)')" } ?? ""
        return .refused(
            status: refusal.status,
            // The JSON may have hidden the key behind escapes.
            error: error.name.map { key.hidden(in: $0) },
            message: key.hidden(in: error.name == nil ? failure.detail + words : error.message ?? ""),
            retryAfter: refusal.headers["Retry-After"].flatMap { RetryAfter.wait($0, now: now) }
        )
    }
}

/// A stream reader as the handler of a connection.
private struct ReaderHandler: ~Copyable, WebSocketHandler {
    private var reader: StreamReader

    init(_ reader: consuming StreamReader) { self.reader = reader }

    mutating func opened(_ response: UpgradeResponse) { reader.opened(isCompressed: response.deflate != nil) }

    mutating func message(_ kind: WebSocketMessageKind, _ bytes: RawSpan) -> WebSocketAction {
        Self.action(reader.message(kind == .text ? .text : .binary, bytes))
    }

    mutating func batchEnded(_ now: ContinuousClock.Instant) -> WebSocketAction {
        Self.action(reader.batchEnded(now))
    }

    private static func action(_ goesOn: Bool) -> WebSocketAction {
        goesOn ? .continue : .close(.normal, reason: "")
    }
}
