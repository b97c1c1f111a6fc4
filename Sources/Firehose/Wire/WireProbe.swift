public import ATProtocol

/// A decoder of one wire by itself, without a connection: to measure it.
public struct WireProbe {
    private var decoder: WireDecoder
    private let encoding: WireEncoding

    /// A decoder that looks for these collections.
    public init(
        _ wire: StreamWire,
        collections: [CollectionPattern],
        verification: StreamConfiguration.Verification = .matched
    ) {
        var configuration = StreamConfiguration(hosts: [], collections: collections)
        configuration.verification = verification
        decoder = WireDecoder(host: "probe", wire: wire, configuration: configuration, witnessed: 0)
        encoding = wire == .relay ? .binary : .text
    }

    /// Decodes one message.
    ///
    /// - Returns: events and rejected messages in it.
    public mutating func decode(_ message: RawSpan) -> (events: Int, rejected: Int) {
        guard case .read(let content) = decoder.decode(encoding, message) else { return (0, 0) }
        return (content.events.count, content.rejected.count)
    }
}
