package import Network

/// The decoder of whichever wire a host speaks; no existential stands between the socket and a miss.
package enum WireDecoder: Sendable {
    case jetstream(JetstreamDecoder)
    case relay(RelayDecoder)

    /// - Parameters:
    ///   - host: the name that positions carry.
    ///   - wire: what the host speaks.
    ///   - configuration: the collections whose commits are wanted, and what is proven of a relay's.
    ///   - witnessed: what is known before the first message: where reading begins.
    ///   - isCertain: whether a stream has told it.
    ///   - clock: the date.
    package init(
        host: String,
        wire: StreamWire,
        configuration: StreamConfiguration,
        witnessed: Int64,
        isCertain: Bool = true,
        clock: any WallClock = SystemClock()
    ) {
        if wire == .relay {
            let decoder = RelayDecoder(
                host: host,
                collections: configuration.collections,
                verification: configuration.verification,
                witnessed: witnessed,
                isCertain: isCertain,
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

    /// Decodes one message; never fails, a message that cannot be understood comes back as rejected.
    package mutating func decode(_ encoding: WireEncoding, _ bytes: RawSpan) -> WireMessage {
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
