import ATProtocol
import Network
import Sandbox
import TestSupport
import Testing

@testable import Firehose

/// What the daemon passes over by the head of a message, it must not have wanted; what it reads, it must read in full.
@Suite(.timeLimit(.minutes(2))) struct `The head of a message and the whole of it` {
    private static let count = 10_000
    private static let wanted = ["app.bsky.feed.like", "app.bsky.graph.*", "sh.tangled.repo.pull"]

    private static func patterns(_ texts: [String]) throws -> [CollectionPattern] {
        try texts.map { try CollectionPattern($0) }
    }

    /// What a sandbox tells of some records, wanted and not, and of their author.
    private static func sandboxMessages(_ wire: SandboxWire) async throws -> [[UInt8]] {
        var options = SandboxOptions()
        options.signsCommits = true
        let network = try await SandboxNetwork.start(options)
        let author = try network.createAccount(handle: "author.test")
        for collection in [
            "sh.tangled.repo.pull", "sh.tangled.repo.note", "app.bsky.graph.follow", "org.example.other",
        ] {
            for text in ["one", "two", "two \"collection\":\"sh.tangled.repo.pull\" {["] {
                let record: JSONValue = ["text": .string(text), "list": [1, "a", ["b": .null]]]
                try network.createRecord(by: author, collection: collection, record: record)
                try network.createRecord(by: author, collection: collection, record: record, key: "same")
            }
            try network.deleteRecord(by: author, collection: collection, key: "same")
        }
        network.setStatus("deactivated", of: author)
        network.setStatus(nil, of: author)
        try network.replaceRepository(of: author)
        let host = network.streamHosts[0]
        let whole = host.messages(on: wire)
        host.beTerse()
        return whole + host.messages(on: wire)
    }

    private static func messages(_ wire: SandboxWire) async throws -> [[UInt8]] {
        let synthetic = try await sandboxMessages(wire)
        #expect(synthetic.count > 20)
        guard wire != .relay else { return try synthetic + RelayRecording.messages() }
        let lines = try JetstreamLines.version1()
        guard wire == .jetstream2 else { return synthetic + lines }
        return try synthetic + lines.enumerated().map { try JetstreamLines.version2($1, sequence: Int64($0 + 1)) }
    }

    /// What happened in all mutations, so that a test that compares nothing is noticed.
    private struct Tally {
        var missed = 0
        var events = 0
        var rejected = 0

        mutating func count(_ message: WireMessage) {
            switch message {
            case .missed: missed += 1
            case .read(let content):
                events += content.events.count
                rejected += content.rejected.count
            }
        }

        var isTelling: Bool { missed > 0 && events > 0 && rejected > 0 }
    }

    @Test(arguments: [SandboxWire.jetstream1, .jetstream2])
    func `agree on each mutated message of a Jetstream`(wire: SandboxWire) async throws {
        var mutator = MessageMutator(try await Self.messages(wire), seed: randomSeed())
        let streamWire: StreamWire = wire == .jetstream1 ? .jetstream1 : .jetstream2
        let decoder = try WireDecoder(streamWire, Self.wanted)
        var tally = Tally()
        for _ in 0..<Self.count {
            let message = mutator.next()
            // Each message by itself: what a decoder has learnt of the time is no matter of this one.
            var (quick, full) = (decoder, decoder)
            let found = unsafe quick.decode(.text, message.span.bytes)
            let truth = unsafe full.decodeJetstream(message.span.bytes)
            tally.count(found)
            func text() -> Comment { Comment(rawValue: String(decoding: message, as: UTF8.self)) }
            switch found {
            case .missed(let value):
                let hasCommit = truth.events.contains { $0.isCommit }
                #expect(!hasCommit, text())
                // Behind the head it may be broken: nobody looks there.
                #expect(!truth.rejected.isEmpty || truth.value == value, text())
            case .read(let content):
                #expect(content.events == truth.events && content.rejected == truth.rejected, text())
                #expect(content.value == truth.value && content.notice == truth.notice, text())
            }
        }
        #expect(tally.isTelling, "\(tally)")
    }

    @Test(arguments: [SandboxWire.jetstream1, .jetstream2])
    func `agree on what is said of accounts, as servers write it and mutated`(wire: SandboxWire) async throws {
        let whole = try await Self.messages(wire)
        let decoder = try WireDecoder(wire == .jetstream1 ? .jetstream1 : .jetstream2, Self.wanted)
        func isRead(_ message: [UInt8]) -> Bool {
            let bytes = unsafe message.span.bytes
            let (head1, head2) = (JetstreamHead.ofAccount(version1: bytes), JetstreamHead.ofAccount(version2: bytes))
            guard let head = wire == .jetstream1 ? head1 : head2 else { return false }
            var (quick, full) = (decoder, decoder)
            let (found, truth) = unsafe (quick.content(of: head), full.decodeJetstream(message.span.bytes))
            let text = Comment(rawValue: String(decoding: message, as: UTF8.self))
            #expect(found.events == truth.events && truth.rejected.isEmpty, text)
            #expect(found.value == truth.value && found.time == truth.time && quick.witnessed == full.witnessed, text)
            return true
        }
        let accounts = whole.filter { message in
            ["#identity\"", "#account\"", "\"kind\":\"identity\"", "\"kind\":\"account\""].contains {
                message.firstRange(of: Array($0.utf8)) != nil
            }
        }
        #expect(accounts.count >= 3)
        // The full parser would do as well, and take ten times as long.
        #expect(accounts.allSatisfy(isRead))
        #expect(whole.count(where: isRead) == accounts.count)
        var mutator = MessageMutator(accounts, seed: randomSeed())
        let read = (0..<Self.count).count { _ in isRead(mutator.next()) }
        #expect(read > 0 && read < Self.count)
    }

    @Test func `agree on each mutated message of a relay`() async throws {
        var mutator = MessageMutator(try await Self.messages(.relay), seed: randomSeed())
        let wanted = try Self.patterns(Self.wanted)
        // Whoever wants everything reads every commit in full.
        let everything = ["app.bsky.*", "chat.bsky.*", "sh.tangled.*", "org.example.*"]
        let believing = try (WireDecoder(.relay, Self.wanted, .off), WireDecoder(.relay, everything, .off))
        let proving = try (WireDecoder(.relay, Self.wanted), WireDecoder(.relay, everything))
        var tally = Tally()
        for number in 0..<Self.count {
            let message = mutator.next()
            // A proof takes most of the time.
            var (quick, full) = number % 8 == 0 ? proving : believing
            let found = unsafe quick.decode(.binary, message.span.bytes)
            let truth = unsafe full.decode(.binary, message.span.bytes)
            tally.count(found)
            func text() -> Comment {
                Comment(rawValue: message.map { String($0, radix: 16) }.joined(separator: " "))
            }
            switch (found, truth) {
            case (.missed(let value), .missed(let other)): #expect(value == other, text())
            case (.missed(let value), .read(let truth)):
                let hasWanted = truth.events.contains { Self.isWanted($0, by: wanted) }
                #expect(!hasWanted, text())
                #expect(!truth.rejected.isEmpty || truth.value == value, text())
            case (.read(let content), .read(let truth)):
                let events = truth.events.filter { !$0.isCommit || Self.isWanted($0, by: wanted) }
                #expect(content.events == events && content.value == truth.value, text())
                // Records that nobody asked for may be broken beside those that somebody did.
                #expect(content.rejected.allSatisfy(truth.rejected.contains), text())
            case (.read, .missed): Issue.record(text())
            }
        }
        #expect(tally.isTelling, "\(tally)")
    }

    private static func isWanted(_ event: StreamEvent, by patterns: [CollectionPattern]) -> Bool {
        guard case .commit(let commit) = event.body else { return false }
        return patterns.contains { $0.matches(commit.collection) }
    }

    @Test func `a relay's commit that has its operations twice is none`() throws {
        let header: JSONValue = ["op": 1, "t": "#commit"]
        func operations(_ collection: String) throws -> [UInt8] {
            let operation: JSONValue = ["action": "delete", "path": .string("\(collection)/k")]
            // Behind the head of a map of one member.
            return Array(try JSONValue.object(["ops": [operation]]).dagCBOR().dropFirst())
        }
        let sequence = Array(try JSONValue.object(["seq": 7]).dagCBOR().dropFirst())
        let payload: [UInt8] = try [0xA3] + operations("sh.tangled.repo.pull") + operations("a.b.c") + sequence
        var decoder = try WireDecoder(.relay, ["a.b.*"])
        let message = try header.dagCBOR() + payload
        guard case .read(let content) = unsafe decoder.decode(.binary, message.span.bytes) else { throw MissingPart() }
        #expect(content.events.isEmpty && content.rejected.map(\.detail).first?.contains("occur twice") == true)
    }
}
