import ATProtocol
import Testing

@testable import Firehose

@Suite struct `Jetstream decoding` {
    private func decoder(_ wire: StreamWire, _ collections: String...) throws -> WireDecoder {
        try WireDecoder(wire, collections)
    }

    private func decode(_ decoder: inout WireDecoder, _ line: [UInt8]) -> WireMessage {
        unsafe decoder.decode(.text, line.span.bytes)
    }

    private func content(_ wire: StreamWire, _ text: String) throws -> WireContent {
        var decoder = try decoder(wire, "sh.tangled.repo.pull")
        guard case .read(let content) = decode(&decoder, Array(text.utf8)) else { throw MissingPart() }
        return content
    }

    @Test(arguments: [StreamWire.jetstream1, .jetstream2])
    func `every recorded like is found, and nothing else is decoded`(wire: StreamWire) throws {
        var decoder = try decoder(wire, "app.bsky.feed.like")
        let lines = try JetstreamLines.version1()
        var found: [StreamEvent] = []
        var passed = 0
        for (index, line) in lines.enumerated() {
            let json = try JSONValue(parsing: line)
            let bytes = wire == .jetstream2 ? try JetstreamLines.version2(line, sequence: Int64(index + 1)) : line
            switch decode(&decoder, bytes) {
            case .missed(let value):
                passed += 1
                #expect(json["commit"] != nil && json["commit"]?["collection"]?.string != "app.bsky.feed.like")
                #expect(value == (wire == .jetstream2 ? Int64(index + 1) : json["time_us"]?.integer))
            case .read(let content):
                #expect(content.rejected.isEmpty)
                found += content.events
                guard let commit = json["commit"] else { continue }
                let event = try #require(content.events.first)
                guard case .commit(let read) = event.body else { throw MissingPart() }
                #expect(event.did.text == json["did"]?.string)
                #expect(read.operation.rawValue == commit["operation"]?.string)
                #expect(read.recordKey.text == commit["rkey"]?.string)
                #expect(read.rev == commit["rev"]?.string && read.cid == commit["cid"]?.string)
                #expect(read.record == commit["record"])
            }
        }
        guard !lines.isEmpty else { return }
        #expect(found.count(where: \.isCommit) == 105 && found.count == 107 && passed == 45)
    }

    @Test(arguments: [StreamWire.jetstream1, .jetstream2])
    func `the head and the full parser agree on every recorded message`(wire: StreamWire) throws {
        let lines = try JetstreamLines.version1()
        let collections = Set(try lines.compactMap { try JSONValue(parsing: $0)["commit"]?["collection"]?.string })
        for collection in collections {
            var quick = try decoder(wire, collection)
            var full = try decoder(wire, collection)
            for (index, line) in lines.enumerated() {
                let bytes = wire == .jetstream2 ? try JetstreamLines.version2(line, sequence: Int64(index + 1)) : line
                let truth = unsafe full.decodeJetstream(bytes.span.bytes)
                switch decode(&quick, bytes) {
                case .missed(let value): #expect(truth.events.isEmpty && truth.value == value)
                case .read(let content): #expect(content.events == truth.events && content.value == truth.value)
                }
            }
        }
    }

    @Test func `members in another order, white space and decoys change nothing`() throws {
        let commit = """
            {"commit": {"record": {"collection": "sh.tangled.repo.issue", "text": "a \\" } ] b", "n": [1, -2.5e3, {}]},
             "cid": "bafy", "rkey": "k", "operation": "create", "collection": "COLLECTION", "rev": "3mptbypluud2a"},
             "kind": "commit", "time_us": 7, "did": "did:web:a.test"}
            """
        var decoder = try decoder(.jetstream1, "sh.tangled.repo.pull")
        let wanted = Array(commit.replacing("COLLECTION", with: "sh.tangled.repo.pull").utf8)
        guard case .read(let content) = decode(&decoder, wanted) else { throw MissingPart() }
        #expect(content.events.count == 1 && content.rejected.isEmpty)
        let other = Array(commit.replacing("COLLECTION", with: "a.b.c").utf8)
        guard case .read(let passed) = decode(&decoder, other) else { throw MissingPart() }
        #expect(passed.value == 7 && passed.events.isEmpty && passed.rejected.isEmpty)
    }

    private static let heads: [(wire: StreamWire, text: String)] = [
        (
            .jetstream1,
            #"""
            {"did":"did:web:a.test","time_us":7,"cursor":9,"kind":"commit","commit":{"rev":"3mptbypluud2a",
            "operation":"delete","collection":"sh.tangled.repo.pull","rkey":"k"}}
            """#.replacing("\n", with: "")
        ),
        (
            .jetstream2,
            #"""
            {"$type":"message","payload":{"$type":"network.bsky.jetstream.subscribeEvents#commit","seq":7,
            "did":"did:web:a.test","time":"2026-07-04T14:38:08.085434Z","rev":"3mptbypluud2a","operation":"delete",
            "collection":"sh.tangled.repo.pull","rkey":"k"}}
            """#.replacing("\n", with: "")
        ),
    ]

    @Test(arguments: heads)
    func `a message that ends within its head, or there has any other byte, is not passed over unread`(
        wire: StreamWire,
        text: String
    ) throws {
        let bytes = Array(text.utf8)
        var decoder = try decoder(wire, "a.b.c")
        guard case .missed(7) = decode(&decoder, bytes) else { throw MissingPart() }
        let end = try #require(bytes.firstRange(of: Array(#","rkey"#.utf8))).lowerBound
        // The first eight bytes of the name tell that it is another.
        let decided = try #require(bytes.firstRange(of: Array("sh.tangled.repo".utf8))).lowerBound + 8
        for place in 0..<end {
            guard case .read = decode(&decoder, Array(bytes[..<place])) else { throw MissingPart() }
            for byte in [UInt8(ascii: " "), UInt8(ascii: "\\")] {
                var changed = bytes
                changed.insert(byte, at: place)
                var full = decoder
                let truth = unsafe full.decodeJetstream(changed.span.bytes)
                guard case .missed(let value) = decode(&decoder, changed) else { continue }
                // What stands in a string that nobody looks at changes nothing.
                #expect(byte == UInt8(ascii: " ") || place >= decided)
                #expect(value == 7 && (truth.value == 7 || !truth.rejected.isEmpty))
            }
        }
    }

    @Test func `an escaped name is not passed over`() throws {
        for (name, value) in [
            (#"c\u006fllection"#, "sh.tangled.repo.pull"), ("collection", #"sh.tangled.rep\u006f.pull"#),
            ("collection", #"\u0073h.tangled.repo.pull"#), ("collection", #"sh.tangled.repo.pul\u006c"#),
        ] {
            let head = #"{"did":"did:web:a.test","time_us":7,"kind":"commit","commit":{"rev":"3mptbypluud2a""#
            let rest = #","operation":"create","\#(name)":"\#(value)","rkey":"k","cid":"b","record":{}}}"#
            #expect(try content(.jetstream1, head + rest).events.count == 1)
        }
    }

    @Test(arguments: [
        ("", "malformed-message"), ("{", "malformed-message"), ("[]", "malformed-message"), ("{}", "malformed-message"),
        (#"{"$type":"message"}"#, "malformed-message"),
        (#"{"$type":"message","payload":{"$type":"x#commit","did":"did:web:a.test"}}"#, "malformed-message"),
        (#"{"$type":"message","payload":{"$type":"x#commit","seq":0,"did":"did:web:a.test"}}"#, "malformed-message"),
        (#"{"$type":"message","payload":{"$type":"x#commit","seq":9,"did":"nobody"}}"#, "invalid-syntax"),
        (
            #"{"$type":"message","payload":{"$type":"x#commit","seq":9,"did":"did:web:a.test","operation":"move"}}"#,
            "malformed-message"
        ),
        (
            #"""
            {"$type":"message","payload":{"$type":"x#commit","seq":9,"did":"did:web:a.test","operation":"create",
            "rev":"3mptbypluud2a","collection":"sh.tangled.repo.pull","rkey":"a/b","cid":"c","record":{}}}
            """#, "invalid-syntax"
        ),
    ]) func `a message that is none is kept with its reason`(text: String, reason: String) throws {
        let content = try content(.jetstream2, text)
        let rejected = try #require(content.rejected.first)
        #expect(rejected.reason.rawValue == reason && rejected.bytes == Array(text.utf8))
        #expect(content.events.isEmpty)
        #expect(content.value == (text.contains(#""seq":9"#) ? 9 : nil))
    }

    @Test func `a record nested too deep is rejected, not fatal`() throws {
        let deep = String(repeating: "[", count: 100_000)
        #expect(try content(.jetstream2, #"{"$type":"message","payload":"# + deep).rejected.count == 1)
    }

    @Test func `notices, unknown kinds and binary messages are told apart`() throws {
        let info = try content(
            .jetstream2,
            #"{"$type":"message","payload":{"$type":"x#info","name":"OutdatedCursor","message":"starting at seq 5"}}"#
        )
        #expect(info.notice == .init(isError: false, name: "OutdatedCursor", message: "starting at seq 5"))
        let error = try content(.jetstream2, #"{"$type":"error","error":"ConsumerTooSlow","message":"m"}"#)
        #expect(error.notice == .init(isError: true, name: "ConsumerTooSlow", message: "m"))
        let unknown = try content(
            .jetstream2,
            #"{"$type":"message","payload":{"$type":"x#new","seq":4,"did":"did:web:a.test"}}"#
        )
        #expect(unknown.value == 4 && unknown.events.isEmpty && unknown.rejected.isEmpty)
        var decoder = try decoder(.jetstream2, "a.b.c")
        guard case .read(let binary) = unsafe decoder.decode(.binary, [UInt8](arrayLiteral: 1).span.bytes) else {
            throw MissingPart()
        }
        #expect(binary.rejected.count == 1)
    }

    @Test func `a commit's time is no witness, an identity event's is`() throws {
        var decoder = try decoder(.jetstream2, "sh.tangled.repo.pull")
        let commit = #"""
            {"$type":"message","payload":{"$type":"x#commit","seq":9,"did":"did:web:a.test","time":"2030-01-01T00:00:00Z",
            "operation":"delete","rev":"3mptbypluud2a","collection":"sh.tangled.repo.pull","rkey":"k"}}
            """#
        guard case .read(let content) = decode(&decoder, Array(commit.utf8)) else { throw MissingPart() }
        #expect(content.events.first?.position == .init(host: "host.test", wire: .jetstream2, value: 9, witnessed: 1))
        let identity = #"""
            {"$type":"message","payload":{"$type":"x#identity","seq":10,"did":"did:web:a.test",
            "time":"2026-01-01T00:00:00.000001Z","identity":{"did":"did:web:a.test","handle":"b.test"}}}
            """#
        _ = decode(&decoder, Array(identity.utf8))
        #expect(decoder.witnessed == 1_767_225_600_000_001)
    }
}
