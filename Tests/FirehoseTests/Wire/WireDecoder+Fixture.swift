import ATProtocol
import Network

@testable import Firehose

extension WireDecoder {
    /// A decoder of a wire that looks for these collections and namespaces.
    init(
        _ wire: StreamWire,
        _ collections: some Sequence<String>,
        _ verification: StreamConfiguration.Verification = .matched,
        host: String = "host.test",
        witnessed: Int64 = 1,
        clock: any WallClock = SystemClock()
    ) throws {
        let patterns = try collections.map { try CollectionPattern($0) }
        var configuration = StreamConfiguration(hosts: [], collections: patterns)
        configuration.verification = verification
        self.init(host: host, wire: wire, configuration: configuration, witnessed: witnessed, clock: clock)
    }
}
