internal import Firehose
internal import Logging
internal import Network
internal import Synchronization
internal import WebSocket

/// Connects to a stream host with the daemon's own client, and waits for one stream message.
struct StreamProbe {
    /// The result of a probe.
    enum Outcome: Sendable, Equatable {
        /// A stream message arrived after this time.
        case alive(Duration)
        /// Connected, but nothing arrived in time.
        case silent
        /// No connection: the client's words, and what to do if the host says so.
        case failed(String, advice: String?)
    }

    let configuration: Configuration
    let logger: Logger

    /// A host of the whole network sends something within this time.
    static let patience: Duration = .seconds(10)

    func probe(_ host: StreamSource) async -> Outcome {
        var socket = WebSocketConfiguration(
            url: host.url,
            tls: TLSContext(extraAuthorities: configuration.certificateAuthorityFile),
            proxy: configuration.proxy,
            allowsLoopback: configuration.allowsLoopback
        )
        socket.deflate = host.asksForCompression ? DeflateOffer() : nil
        socket.key = host.key
        let arrival = FirstMessage()
        let startedAt = ContinuousClock.now
        do {
            let connection = try WebSocketConnection(socket, logger: logger)
            _ = try await connection.run(ProbeHandler(arrival: arrival, deadline: startedAt + Self.patience))
        } catch {
            guard arrival.time == nil else { return .alive(.zero) }
            return .failed(error.description, advice: error.refusal.flatMap { host.advice(on: $0.status) })
        }
        return arrival.time.map { .alive($0 - startedAt) } ?? .silent
    }
}

/// When the first stream message arrived; written by the reader's thread, read afterwards.
private final class FirstMessage: Sendable {
    private let stored = Mutex<ContinuousClock.Instant?>(nil)

    var time: ContinuousClock.Instant? { stored.withLock(\.self) }

    func note() { stored.withLock { $0 = $0 ?? ContinuousClock.now } }
}

private struct ProbeHandler: WebSocketHandler, ~Copyable {
    let arrival: FirstMessage
    let deadline: ContinuousClock.Instant

    mutating func message(_ kind: WebSocketMessageKind, _ bytes: RawSpan) -> WebSocketAction {
        arrival.note()
        return .close(.normal, reason: "")
    }

    mutating func batchEnded(_ now: ContinuousClock.Instant) -> WebSocketAction {
        now >= deadline ? .close(.normal, reason: "") : .continue
    }
}
