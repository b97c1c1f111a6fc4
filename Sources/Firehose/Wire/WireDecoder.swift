internal import Network

/// The decoder of whichever wire a host speaks; no existential stands between the socket and a miss.
enum WireDecoder: Sendable {
    case jetstream(JetstreamDecoder)
    case relay(RelayDecoder)

    init(
        host: String,
        wire: StreamWire,
        configuration: StreamConfiguration,
        witnessed: Int64,
        isCertain: Bool = true,
        queue: VerificationQueue? = nil,
        clock: any WallClock = SystemClock()
    ) {
        if wire == .relay {
            let decoder = RelayDecoder(
                host: host,
                collections: configuration.collections,
                verification: configuration.verification,
                witnessed: witnessed,
                isCertain: isCertain,
                queue: queue,
                clock: clock
            )
            self = .relay(decoder)
        } else {
            let decoder = JetstreamDecoder(
                host: host,
                wire: wire,
                collections: configuration.collections,
                witnessed: witnessed,
                isCertain: isCertain,
                clock: clock
            )
            self = .jetstream(decoder)
        }
    }

    /// When the host witnessed what it sent last, in microseconds since the Unix epoch.
    var witnessed: Int64 {
        switch self {
        case .jetstream(let decoder): decoder.witnessed
        case .relay(let decoder): decoder.witnessed
        }
    }

    /// Whether the stream, and not our clock alone, has told when that was.
    var isCertain: Bool {
        switch self {
        case .jetstream(let decoder): decoder.isCertain
        case .relay(let decoder): decoder.isCertain
        }
    }

    /// Decodes one message.
    mutating func decode(_ encoding: WireEncoding, _ bytes: RawSpan) -> WireMessage {
        switch consume self {
        case .jetstream(var decoder):
            let message = decoder.decode(encoding, bytes)
            self = .jetstream(decoder)
            return message
        case .relay(var decoder):
            let message = decoder.decode(encoding, bytes)
            self = .relay(decoder)
            return message
        }
    }
}
