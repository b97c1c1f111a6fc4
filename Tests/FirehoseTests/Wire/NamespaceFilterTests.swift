import ATProtocol
import Network
import Testing

@testable import Firehose

@Suite struct `Filters by namespace` {
    private static let wires = [StreamWire.jetstream1, .jetstream2, .relay]

    private func patterns(_ texts: [String]) throws -> [CollectionPattern] {
        try texts.map { try CollectionPattern($0) }
    }

    /// A commit as a wire tells it; that of a relay has no blocks, so that looking at it finds it malformed.
    private func message(_ wire: StreamWire, _ collection: String) throws -> [UInt8] {
        guard wire != .relay else {
            let header: JSONValue = ["op": 1, "t": "#commit"]
            let operation: JSONValue = ["action": "delete", "path": .string("\(collection)/k")]
            let payload: JSONValue = ["seq": 7, "repo": "did:web:a.test", "ops": [operation]]
            return try header.dagCBOR() + payload.dagCBOR()
        }
        let head = #"{"did":"did:web:a.test","time_us":7,"kind":"commit","commit":{"rev":"3mptbypluud2a""#
        let line = head + #","operation":"delete","collection":"\#(collection)","rkey":"k"}}"#
        return wire == .jetstream1 ? Array(line.utf8) : try JetstreamLines.version2(Array(line.utf8), sequence: 7)
    }

    /// Whether a message was looked at, instead of passed over by its bytes.
    private func isRead(_ wire: StreamWire, _ collection: String, _ wanted: [String]) throws -> Bool {
        var decoder = try WireDecoder(wire, wanted, witnessed: 0)
        let bytes = try message(wire, collection)
        switch unsafe decoder.decode(wire == .relay ? .binary : .text, bytes.span.bytes) {
        case .missed(let value):
            #expect(value == 7)
            return false
        case .read(let content):
            #expect(wire == .relay ? content.rejected.count == 1 : content.events.count == 1)
            return true
        }
    }

    @Test(
        arguments: wires,
        [
            ("org.hypercerts.evaluation", true), ("org.hypercerts.context.evaluation", true),
            ("sh.tangled.repo.pull", true),
            ("org.hypercertsx.a", false), ("org.hypercert.s", false), ("org.hypercerts", false),
            ("org.hyperzerts.a", false),
            ("app.org.hypercerts.a", false), ("sh.tangled.repo.pullx", false), ("sh.tangled.repo.pull.x", false),
            ("a", false),
        ]
    ) func `what does not match is passed over undecoded, on every wire`(
        wire: StreamWire,
        collection: (name: String, isWanted: Bool)
    ) throws {
        let wanted = ["org.hypercerts.*", "sh.tangled.repo.pull"]
        #expect(try isRead(wire, collection.name, wanted) == collection.isWanted)
    }

    @Test(arguments: [StreamWire.jetstream1, .jetstream2])
    func `the full parser, which decides in doubt, knows the same names`(wire: StreamWire) throws {
        for (collection, isWanted) in [("org.hypercerts.a", true), ("org.hypercertsx.a", false)] {
            var decoder = try WireDecoder(wire, ["org.hypercerts.*"], witnessed: 0)
            let bytes = try message(wire, collection)
            let content = unsafe decoder.decodeJetstream(bytes.span.bytes)
            #expect(content.events.count == (isWanted ? 1 : 0) && content.rejected.isEmpty)
        }
    }

    @Test func `a namespace brings what its recorded collections bring`() throws {
        let lines = try JetstreamLines.version1()
        let names = Set(try lines.compactMap { try JSONValue(parsing: $0)["commit"]?["collection"]?.string })
        let feed = names.filter { $0.hasPrefix("app.bsky.feed.") }
        func count(_ wire: StreamWire, _ wanted: some Sequence<String>, _ messages: [[UInt8]]) throws -> Int {
            var decoder = try WireDecoder(wire, wanted, witnessed: 0)
            return messages.reduce(0) { sum, message in
                guard
                    case .read(let content) = unsafe decoder.decode(
                        wire == .relay ? .binary : .text,
                        message.span.bytes
                    )
                else { return sum }
                return sum + content.events.count
            }
        }
        guard !lines.isEmpty else { return }
        #expect(feed.count > 1 && feed.count < names.count)
        for (wire, messages) in [(StreamWire.jetstream1, lines), (.relay, try RelayRecording.messages())] {
            let events = try count(wire, feed, messages)
            #expect(try events > 0 && count(wire, ["app.bsky.feed.*"], messages) == events)
            #expect(try count(wire, ["app.bsky.*"], messages) > events)
        }
    }

    @Test(arguments: wires) func `a server is asked for each pattern once, unless another covers it`(wire: StreamWire)
        throws
    {
        func query(_ wanted: [String]) throws -> [String] {
            let path =
                [StreamWire.jetstream1: "/subscribe", .relay: "/xrpc/com.atproto.sync.subscribeRepos"][wire] ?? ""
            let host = try Upstream(StreamSource(WebURL("wss://h.test\(path)")), allowsLoopback: false)
            let request = StreamRequest(host, .live, collections: try patterns(wanted))
            return PercentEncoding.parseForm(request.url.query ?? "").filter { $0.name != "kinds" }.map {
                "\($0.name)=\($0.value)"
            }
        }
        let name = [StreamWire.jetstream1: "wantedCollections", .jetstream2: "collections"][wire]
        let asked = ["org.hypercerts.*", "sh.tangled.repo.pull"]
        let wanted = [
            "org.hypercerts.a.b", "org.hypercerts.*", "sh.tangled.repo.pull", "org.hypercerts.*", "org.hypercerts.a.*",
        ]
        #expect(try query(wanted) == (name.map { name in asked.map { "\(name)=\($0)" } } ?? []))
        // A hundred is the most that a server takes; more are filtered here alone.
        let many = (0..<100).map { "org.a.x\($0)" }
        #expect(try query(many).count == (name == nil ? 0 : 100) && query(many + ["org.a.y"]).isEmpty)
        #expect(try query(many + ["org.a.*"]).count == (name == nil ? 0 : 1))
    }
}
