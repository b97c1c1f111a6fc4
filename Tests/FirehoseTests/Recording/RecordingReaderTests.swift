import ATProtocol
import Sandbox
import TestSupport
import Testing

@testable import Firehose

@Suite struct `Recordings` {
    private func items(of bytes: [UInt8], _ collection: String) throws -> [RecordingReader.Item] {
        let directory = try TemporaryDirectory()
        let path = try directory.write(bytes, to: "recording.jsonl")
        var reader = try RecordingReader(path: path, collections: [try CollectionPattern(collection)])
        var items: [RecordingReader.Item] = []
        while let item = try reader.next() { items.append(item) }
        return items
    }

    @Test func `every recorded like is an event, of either version in one file`() throws {
        let lines = try JetstreamLines.version1()
        let mixed = try lines.enumerated().map { index, line in
            index % 2 == 0 ? line : try JetstreamLines.version2(line, sequence: Int64(index))
        }
        let items = try items(of: Array(mixed.joined(separator: [0x0A])), "app.bsky.feed.like")
        let commits = items.count { if case .event(let event) = $0 { event.isCommit } else { false } }
        #expect(commits == (lines.isEmpty ? 0 : 105) && items.count == lines.count)
        #expect(!items.contains { if case .rejected = $0 { true } else { false } })
    }

    @Test func `lines that are cut anywhere are counted, and the others still read`() throws {
        let seed = randomSeed()
        var generator = SeededGenerator(seed: seed)
        let lines = try JetstreamLines.version1()
        var cut: [[UInt8]] = []
        var bad: Set<Int> = []
        for line in lines {
            guard Bool.random(using: &generator) else {
                cut.append(line)
                continue
            }
            let place = Int.random(in: 1..<line.count, using: &generator)
            for part in [line[..<place], line[place...]] {
                cut.append(Array(part))
                bad.insert(cut.count)
            }
        }
        var rejected: Set<Int> = []
        for item in try items(of: Array(cut.joined(separator: [0x0A])), "app.bsky.feed.like") {
            if case .rejected(let line, _) = item { rejected.insert(line) }
        }
        #expect(rejected == bad)
    }

    @Test func `empty lines, a missing end and an empty file are nothing`() throws {
        #expect(try items(of: [], "a.b.c").isEmpty)
        #expect(try items(of: Array("\n\r\n  \n".utf8), "a.b.c").isEmpty)
        #expect(try items(of: Array("{".utf8), "a.b.c").count == 1)
    }

    @Test func `a file that is not there is an error with its name`() throws {
        let failure = #expect(throws: FirehoseFailure.self) {
            try RecordingReader(path: "/nowhere/recording.jsonl", collections: [])
        }
        #expect(failure?.code == .recording && failure?.sentence.contains("/nowhere/recording.jsonl") == true)
    }
}
