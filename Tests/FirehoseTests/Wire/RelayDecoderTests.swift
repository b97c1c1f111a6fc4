import ATProtocol
import Crypto
import Network
import Sandbox
import TestSupport
import Testing

@testable import Firehose

@Suite struct `Relay decoding` {
    private func decoder(
        _ collections: some Sequence<String>,
        _ verification: StreamConfiguration.Verification = .matched
    ) throws -> WireDecoder {
        try WireDecoder(.relay, collections, verification, host: "relay.test", witnessed: 0)
    }

    private func decode(_ decoder: inout WireDecoder, _ bytes: [UInt8]) -> WireMessage {
        unsafe decoder.decode(.binary, bytes.span.bytes)
    }

    private func expected() throws -> [JSONValue] { try JetstreamLines.version1().map { try JSONValue(parsing: $0) } }

    private func collections() throws -> Set<String> {
        Set(try expected().compactMap { $0["commit"]?["collection"]?.string })
    }

    /// What Jetstream v1 would say of an event, but for the time.
    private func version1(_ event: StreamEvent) -> JSONValue {
        var members: [String: JSONValue] = ["did": .string(event.did.text)]
        switch event.body {
        case .commit(let commit):
            var fields: [String: JSONValue] = [
                "rev": .string(commit.rev), "operation": .string(commit.operation.rawValue),
                "collection": .string(commit.collection.text), "rkey": .string(commit.recordKey.text),
            ]
            fields["record"] = commit.record
            fields["cid"] = commit.cid.map(JSONValue.string)
            members["commit"] = .object(fields)
        case .identity(let handle): members["identity"] = handle.map { .string($0.text) } ?? .null
        case .account(let isActive, let status):
            members["account"] = ["active": .bool(isActive), "status": status.map(JSONValue.string) ?? .null]
        case .sync: break
        }
        return .object(members)
    }

    private func simplified(_ json: JSONValue) -> JSONValue {
        var members: [String: JSONValue] = [:]
        members["did"] = json["did"]
        members["commit"] = json["commit"]
        if let identity = json["identity"] { members["identity"] = identity["handle"] ?? .null }
        if let account = json["account"] {
            members["account"] = ["active": account["active"] ?? .null, "status": account["status"] ?? .null]
        }
        return .object(members)
    }

    @Test func `the recorded messages give exactly the events that Jetstream gave`() throws {
        var decoder = try decoder(collections())
        var found: [JSONValue] = []
        for message in try RelayRecording.messages() {
            guard case .read(let content) = decode(&decoder, message) else { throw MissingPart() }
            #expect(content.rejected.isEmpty)
            found += content.events.map(version1)
        }
        guard !found.isEmpty else { return }
        #expect(found.count == 152)
        let counts = Dictionary(grouping: found, by: \.self).mapValues(\.count)
        #expect(counts == Dictionary(grouping: try expected().map(simplified), by: \.self).mapValues(\.count))
    }

    @Test func `commits of other collections are passed over with their position`() throws {
        var decoder = try decoder(["app.bsky.graph.follow"])
        var events = 0
        var values: [Int64] = []
        for message in try RelayRecording.messages() {
            switch decode(&decoder, message) {
            case .missed(let value): values.append(value)
            case .read(let content):
                events += content.events.count(where: \.isCommit)
                if let value = content.value { values.append(value) }
            }
        }
        guard !values.isEmpty else { return }
        #expect(events == 9 && values.count == 150)
        #expect(values == values.sorted() && values.first == 31_527_015_322 && values.last == 31_527_015_471)
    }

    @Test func `every signature is that of the account's key`() throws {
        guard let bytes = try Corpus.decompressed("did_docs.json.zst") else { return }
        let documents = try #require(try JSONValue(parsing: bytes).object)
        var decoder = try decoder(collections())
        var verified = 0
        for message in try RelayRecording.messages() {
            guard case .read(let content) = decode(&decoder, message), let unverified = content.unverified.first else {
                continue
            }
            let did = unverified.commit.did
            let document = try DIDDocument(try #require(documents[did.text]), of: did)
            let key = try PublicKey(multikey: try #require(document.signingKey))
            try unverified.commit.verify(with: key)
            verified += 1
        }
        #expect(verified == 148)
    }

    @Test func `one flipped bit anywhere in a commit is noticed`() throws {
        let seed = randomSeed()
        var generator = SeededGenerator(seed: seed)
        guard let bytes = try Corpus.decompressed("did_docs.json.zst") else { return }
        let documents = try #require(try JSONValue(parsing: bytes).object)
        var clean = try decoder(collections())
        for message in try RelayRecording.messages() {
            guard case .read(let content) = decode(&clean, message), let unverified = content.unverified.first else {
                continue
            }
            let document = try DIDDocument(
                try #require(documents[unverified.commit.did.text]),
                of: unverified.commit.did
            )
            let key = try PublicKey(multikey: try #require(document.signingKey))
            var reader = unsafe CBORReader(message.span.bytes)
            _ = try RelayHeader(&reader)
            let blocks = try RelayCommit(&reader).blocks
            let start = try #require(message.firstRange(of: blocks)).lowerBound
            for _ in 0..<2 {
                let place = start + Int.random(in: 0..<blocks.count, using: &generator)
                var flipped = message
                flipped[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                var decoder = try decoder(collections())
                guard case .read(let other) = decode(&decoder, flipped) else { throw MissingPart() }
                let isSigned = other.unverified.first.map { (try? $0.commit.verify(with: key)) != nil } ?? false
                #expect(!other.rejected.isEmpty || !isSigned, "byte \(place)")
            }
        }
    }

    @Test func `a revision of the future is put aside, unless it is our own clock that is slow`() throws {
        guard let message = try RelayRecording.messages().first else { return }
        let collections = try collections()
        var clean = try decoder(collections)
        guard case .read(let content) = decode(&clean, message), let event = content.events.first,
            case .commit(let commit) = event.body
        else { throw MissingPart() }
        let rev = try Double(TID(commit.rev).microseconds) / 1e6
        func events(_ now: Double, witnessed: Double = 0) throws -> [RejectedEvent.Reason]? {
            let clock = ManualClock(UnixTime(seconds: now))
            var decoder = try WireDecoder(.relay, collections, witnessed: Int64(witnessed * 1e6), clock: clock)
            guard case .read(let content) = decode(&decoder, message) else { return nil }
            return content.rejected.map(\.reason)
        }
        #expect(try events(rev - 299) == [] && events(rev - 301) == [.futureRevision])
        #expect(try events(rev - 10_000, witnessed: rev - 10) == [])
    }

    @Test(arguments: [
        "", "a0", "a1626f7001", "a2617467236e657774626f7001", "a0a0", "a1626f7002a0", "ff", "a1617467236e6f6e65",
        "a26174672363",
    ]) func `bytes that are no message are kept, never fatal`(text: String) throws {
        let bytes = stride(from: 0, to: text.count, by: 2).compactMap { UInt8(text.dropFirst($0).prefix(2), radix: 16) }
        var decoder = try decoder(["a.b.c"])
        guard case .read(let content) = decode(&decoder, bytes) else { throw MissingPart() }
        #expect(content.events.isEmpty)
    }

    @Test func `notices are told apart`() throws {
        func message(_ header: JSONValue, _ payload: JSONValue) throws -> [UInt8] {
            try header.dagCBOR() + payload.dagCBOR()
        }
        var decoder = try decoder(["a.b.c"])
        let error = try message(["op": -1], ["error": "FutureCursor", "message": "Cursor in the future."])
        guard case .read(let content) = decode(&decoder, error) else { throw MissingPart() }
        #expect(content.notice == .init(isError: true, name: "FutureCursor", message: "Cursor in the future."))
        let info = try message(["op": 1, "t": "#info"], ["name": "OutdatedCursor"])
        guard case .read(let content) = decode(&decoder, info) else { throw MissingPart() }
        #expect(content.notice == .init(isError: false, name: "OutdatedCursor", message: ""))
        let unknown = try message(["op": 1, "t": "#later"], ["seq": 5])
        guard case .read(let content) = decode(&decoder, unknown) else { throw MissingPart() }
        #expect(content.value == 5 && content.rejected.isEmpty)
    }
}
