import ATProtocol
import Firehose
import Sandbox
import TestSupport
import Testing

@testable import Notifier

/// What `replay` says of recordings, without the command around it.
@Suite struct `A recording replayed` {
    private struct Replayed {
        var messages: [ATURI: DID] = [:]
        var refused = 0
        var rejected = 0
        var passed = 0
    }

    private let directory: TemporaryDirectory
    private let configuration: NotifierConfiguration

    init() throws {
        directory = try TemporaryDirectory()
        let rule = try Rule(
            RuleText(
                name: "likes",
                collections: ["app.bsky.feed.like"],
                references: .init(["subject.uri"]),
                message: "{{author.did}} likes something of yours"
            )
        )
        configuration = NotifierConfiguration(rules: [rule])
    }

    private func replay(_ bytes: [UInt8]) async throws -> Replayed {
        try directory.write(String(decoding: bytes, as: UTF8.self), to: "recording.jsonl")
        var reader = try RecordingReader(
            path: directory.path + "/recording.jsonl",
            configuration: StreamConfiguration(
                hosts: [],
                collections: [try CollectionPattern("app.bsky.feed.like")]
            )
        )
        var dryRun = DryRun(configuration: configuration, sender: nil)
        var replayed = Replayed()
        while let item = try reader.next() {
            switch item {
            case .passed: replayed.passed += 1
            case .rejected: replayed.rejected += 1
            case .event(let event):
                for outcome in await dryRun.take(event) {
                    switch outcome.end {
                    case .message(let owner, let message):
                        replayed.messages[outcome.uri] = owner
                        #expect(message.text.contains("likes something of yours"))
                    case .refused: replayed.refused += 1
                    case .calledOff, .unresolved: break
                    }
                }
            }
        }
        return replayed
    }

    @Test func `brings one message for each like, to whom the liked record belongs`() async throws {
        guard let bytes = try Corpus.bytes("expected_v1.jsonl") else { return }
        var expected: [String: String] = [:]
        for line in bytes.split(separator: 0x0A) {
            let event = try JSONValue(parsing: Array(line))
            guard let did = event["did"]?.string, let commit = event["commit"], commit["operation"] == "create",
                commit["collection"] == "app.bsky.feed.like", let key = commit["rkey"]?.string,
                let subject = commit["record"]?["subject"]?["uri"]?.string
            else { continue }
            let owner = subject.dropFirst("at://".count).prefix { $0 != "/" }
            // Nobody is told of their own.
            if owner != did { expected["at://\(did)/app.bsky.feed.like/\(key)"] = String(owner) }
        }
        let replayed = try await replay(bytes)
        #expect(!expected.isEmpty && replayed.rejected == 0)
        let found = Dictionary(uniqueKeysWithValues: replayed.messages.map { ($0.key.text, $0.value.text) })
        #expect(found == expected)
    }

    @Test func `survives every line cut anywhere, and counts each that is bad`() async throws {
        guard let bytes = try Corpus.bytes("expected_v1.jsonl") else { return }
        var generator = SeededGenerator(seed: randomSeed())
        var cut: [UInt8] = []
        var lines = 0
        for line in bytes.split(separator: 0x0A) {
            // At least one byte stays, and the brace at the end goes: what is left is never a whole message.
            cut += line.prefix(Int.random(in: 1..<line.count, using: &generator)) + [0x0A]
            lines += 1
        }
        let replayed = try await replay(cut)
        #expect(replayed.messages.isEmpty && replayed.rejected + replayed.passed == lines)
        // A line that is passed over was read as far as it told that nobody wants it.
        #expect(replayed.rejected > 0)
    }
}
