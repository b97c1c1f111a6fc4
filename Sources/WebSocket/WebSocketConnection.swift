public import Logging
internal import Network
internal import Synchronization

/// One WebSocket connection as a client (RFC 6455): connects, upgrades, and delivers every message.
///
/// ``run(_:)`` lends each message to a handler without a copy. ``run(onMessage:)`` passes a copy to a closure.
///
/// A connection can be used once. To reconnect, make another one with the same configuration.
public final class WebSocketConnection: Sendable {
    private let configuration: WebSocketConfiguration
    private let logger: Logger
    private let wakeUp: WakeUp
    private let outbox: Outbox
    private let isUsed = Atomic(false)

    /// Prepares a connection without opening it.
    ///
    /// - Throws: ``WebSocketError`` with code `system` when the process has no file descriptors left.
    public init(_ configuration: WebSocketConfiguration, logger: Logger) throws(WebSocketError) {
        self.configuration = configuration
        self.logger = logger
        outbox = Outbox(limit: configuration.limits.outgoing)
        do throws(StreamError) {
            wakeUp = try WakeUp()
        } catch {
            throw WebSocketError(.system, origin: configuration.url.origin, error.detail, stream: error)
        }
    }

    /// Connects, upgrades and reads until the connection has ended.
    ///
    /// All of it happens on a thread of the connection's own, including the calls of the handler. When the caller's
    /// task is cancelled, the connection closes with 1001 and waits for the closing handshake.
    ///
    /// - Parameter handler: is released when the connection has ended.
    /// - Returns: how the connection was closed, whichever side began.
    /// - Throws: ``WebSocketError`` when it ended in any other way.
    public func run<Handler: WebSocketHandler & ~Copyable>(
        _ handler: consuming sending Handler
    ) async throws(WebSocketError) -> WebSocketClosure {
        guard !isUsed.exchange(true, ordering: .acquiringAndReleasing) else {
            throw WebSocketError(.notAllowed, origin: configuration.url.origin, "the connection has been used before")
        }
        let executor: ThreadExecutor
        do throws(StreamError) {
            executor = try ThreadExecutor(name: "stream")
        } catch {
            throw failure(error)
        }
        let transfer = HandlerTransfer(handler)
        let result = await withTaskExecutorPreference(executor) {
            await withTaskCancellationHandler {
                await follow(transfer)
            } onCancel: {
                wakeUp.cancel()
            }
        }
        outbox.close()
        return try result.get()
    }

    /// Connects, upgrades and reads, as ``run(_:)`` does, and passes a copy of each message to a closure.
    ///
    /// - Parameter receive: called on the connection's thread; the connection does not read until it returns.
    /// - Returns: how the connection was closed, whichever side began.
    /// - Throws: ``WebSocketError`` when it ended in any other way.
    public func run(
        onMessage receive: @escaping @Sendable (WebSocketMessage) -> WebSocketAction
    ) async throws(WebSocketError) -> WebSocketClosure {
        try await run(CopyingHandler(receive: receive))
    }

    /// Sends a text message; can be called from any thread.
    ///
    /// - Throws: ``WebSocketError`` with code `notSent` when the connection is not open or too many bytes wait to be
    ///   sent.
    public func send(text: String) throws(WebSocketError) { try add(.text(Array(text.utf8))) }

    /// Sends a binary message; can be called from any thread.
    ///
    /// - Throws: as ``send(text:)``.
    public func send(binary: [UInt8]) throws(WebSocketError) { try add(.binary(binary)) }

    /// Begins the closing handshake if the connection is open; can be called from any thread.
    public func close(_ code: WebSocketCloseCode = .normal, reason: String = "") {
        if outbox.add(.close(code, reason)) { wakeUp.signal() }
    }

    private func add(_ item: Outbox.Item) throws(WebSocketError) {
        guard outbox.add(item) else {
            throw WebSocketError(.notSent, origin: configuration.url.origin, "it is not open, or its queue is full")
        }
        wakeUp.signal()
    }

    @concurrent
    private func follow<Handler: WebSocketHandler & ~Copyable>(
        _ transfer: HandlerTransfer<Handler>
    ) async -> Result<WebSocketClosure, WebSocketError> {
        guard var handler = transfer.take() else {
            return .failure(WebSocketError(.notAllowed, origin: configuration.url.origin, "the handler is gone"))
        }
        do throws(WebSocketError) {
            return .success(try read(into: &handler))
        } catch {
            return .failure(error)
        }
    }

    private func read<Handler: WebSocketHandler & ~Copyable>(
        into handler: inout Handler
    ) throws(WebSocketError) -> WebSocketClosure {
        var buffer = ReceiveBuffer()
        var stream = try open()
        let (address, peer) = (stream.address, stream.peer)
        let response: UpgradeResponse
        do throws(WebSocketError) {
            response = try Upgrader(configuration, wakeUp: wakeUp).upgrade(&stream, &buffer)
        } catch {
            if error.isOfAddress { configuration.addresses.failed(address, of: peer) }
            throw error
        }
        configuration.addresses.worked(address, of: peer)
        logger.debug(
            "WebSocket open",
            metadata: [
                "host": "\(configuration.url.host)", "address": "\(response.address)",
                "tls": "\(response.tlsVersion ?? "none")", "resumed": .stringConvertible(response.isResumed),
                "deflate": .stringConvertible(response.deflate != nil),
            ]
        )
        outbox.open()
        handler.opened(response)
        var connection = OpenConnection(
            stream,
            buffer,
            deflate: response.deflate,
            configuration: configuration,
            wakeUp: wakeUp,
            outbox: outbox
        )
        var now = MonotonicTime.now
        while true {
            Self.deliver(&connection, to: &handler, now)
            connection.tick(now)
            if let result = connection.turn(&now) { return try result.get() }
        }
    }

    /// Passes the buffered messages and the end of the batch to the handler.
    private static func deliver<Handler: WebSocketHandler & ~Copyable>(
        _ connection: inout OpenConnection,
        to handler: inout Handler,
        _ now: MonotonicTime
    ) {
        while true {
            let action: WebSocketAction
            let event = connection.next(now)
            switch event {
            case .message(let kind, let range): action = handler.message(kind, connection.unread.extracting(range))
            case .assembled(let kind): action = handler.message(kind, connection.assembled)
            case .drained: action = handler.batchEnded(.now)
            }
            if case .close(let code, let reason) = action { connection.close(code, reason, now) }
            if case .drained = event { return }
        }
    }

    private func open() throws(WebSocketError) -> ByteStream {
        let url = configuration.url
        guard url.scheme.isSecure || (configuration.allowsLoopback && url.isLoopback) else {
            throw WebSocketError(
                .notAllowed,
                origin: url.origin,
                "without TLS only loopback is allowed, if configured"
            )
        }
        let connector = StreamConnector(
            tls: configuration.tls,
            proxy: configuration.proxy,
            deadlines: configuration.deadlines,
            memory: configuration.addresses
        )
        do throws(StreamError) {
            return try connector.open(url, wakeUp: wakeUp)
        } catch {
            throw failure(error)
        }
    }

    private func failure(_ cause: StreamError) -> WebSocketError {
        let code: WebSocketError.Code =
            switch cause.code {
            case .cancelled: .cancelled
            case .system: .system
            default: .connect
            }
        return WebSocketError(
            code,
            origin: configuration.url.origin,
            "\(cause.peer): \(cause.detail)",
            stream: cause
        )
    }
}

extension WebSocketError {
    /// Whether the failure may belong to this address alone, so that another address of the host is worth a try.
    fileprivate var isOfAddress: Bool {
        switch code {
        case .upgradeTimeout, .connectionLost, .invalidUpgrade: true
        case .upgradeRefused: refusal.map { $0.status >= 500 } ?? false
        default: false
        }
    }
}
