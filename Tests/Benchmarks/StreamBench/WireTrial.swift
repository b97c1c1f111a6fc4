import ATProtocol
import Firehose

/// The daemon's own decoder of one wire, without a connection.
struct WireTrial {
    private var decoder: WireDecoder
    private let encoding: WireEncoding

    /// A decoder that looks for these collections.
    init(_ wire: StreamWire, _ collections: [CollectionPattern]) {
        let configuration = StreamConfiguration(hosts: [], collections: collections)
        decoder = WireDecoder(host: "bench", wire: wire, configuration: configuration, witnessed: 0)
        encoding = wire == .relay ? .binary : .text
    }

    /// Decodes one message.
    ///
    /// - Returns: how many events are in it.
    mutating func events(in message: [UInt8]) -> Int {
        guard case .read(let content) = unsafe decoder.decode(encoding, message.span.bytes) else { return 0 }
        return content.events.count
    }
}
