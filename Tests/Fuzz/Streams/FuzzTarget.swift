#if FUZZING || DEBUG
@testable import ATProtocol
@testable import Firehose
import FuzzDriver
import Network

/// The targets by name.
enum FuzzTarget {
    /// What each target checks.
    static let all: [String: FuzzDriver.Check] = [
        "streams-cbor": cbor, "streams-car": archive, "streams-json": jetstream, "streams-relay": relay,
    ]

    /// What decodes is encoded to the same bytes, and can be stepped over.
    private static func cbor(_ bytes: [UInt8]) {
        guard let json = try? JSONValue(dagCBOR: unsafe bytes.span.bytes) else { return }
        var reader = unsafe CBORReader(bytes.span.bytes)
        require((try? reader.skip()) != nil && reader.remaining == 0)
        // A map that spells out a link or bytes, or has names that Unicode calls equal, has no way back.
        if let again = try? json.dagCBOR(), again.count == bytes.count { require(again == bytes) }
    }

    private static func archive(_ bytes: [UInt8]) {
        guard let archive = try? CARFile(bytes) else { return }
        try? archive.verify()
        guard let tree = try? MerkleSearchTree(root: archive.root, in: archive) else { return }
        _ = try? tree.value(of: "app.bsky.feed.like/3k")
        var changed = tree
        _ = try? changed.insert("app.bsky.feed.like/3k", archive.root)
        _ = try? changed.remove("app.bsky.feed.like/3k")
    }

    /// A message that is passed over by its head must not be wanted in full.
    private static func jetstream(_ bytes: [UInt8]) {
        for pattern in ["a.b.c", "a.b.*"] { jetstream(bytes, pattern) }
    }

    private static func jetstream(_ bytes: [UInt8], _ pattern: String) {
        guard let wanted = try? CollectionPattern(pattern) else { return }
        for wire in [StreamWire.jetstream1, .jetstream2] {
            var quick = decoder(wire, wanted)
            var full = quick
            guard case .missed = unsafe quick.decode(.text, bytes.span.bytes) else { continue }
            let content = unsafe full.decodeJetstream(bytes.span.bytes)
            require(content.events.isEmpty)
        }
    }

    private static func relay(_ bytes: [UInt8]) {
        guard let wanted = try? CollectionPattern("app.bsky.feed.*") else { return }
        for verification in StreamConfiguration.Verification.allCases {
            var decoder = decoder(.relay, wanted, verification)
            _ = unsafe decoder.decode(.binary, bytes.span.bytes)
        }
    }

    private static func decoder(
        _ wire: StreamWire,
        _ wanted: CollectionPattern,
        _ verification: StreamConfiguration.Verification = .matched
    ) -> WireDecoder {
        var configuration = StreamConfiguration(hosts: [], collections: [wanted])
        configuration.verification = verification
        return WireDecoder(host: "h", wire: wire, configuration: configuration, witnessed: 0)
    }
}
#endif
