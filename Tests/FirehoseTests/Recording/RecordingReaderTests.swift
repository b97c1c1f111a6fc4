import ATProtocol
import Dispatch
import Glibc
import Sandbox
import TestSupport
import Testing

@testable import Firehose

@Suite struct `Recordings` {
    private static func configuration(_ collection: String) throws -> StreamConfiguration {
        StreamConfiguration(hosts: [], collections: [try CollectionPattern(collection)])
    }

    private func items(of bytes: [UInt8], _ collection: String) throws -> [RecordingReader.Item] {
        let directory = try TemporaryDirectory()
        let path = try directory.write(bytes, to: "recording.jsonl")
        var reader = try RecordingReader(path: path, configuration: try Self.configuration(collection))
        var items: [RecordingReader.Item] = []
        while let item = try reader.next() { items.append(item) }
        return items
    }

    /// Commits of `a.b.c`, one a line.
    private static func lines(_ count: Int) -> [UInt8] {
        let line =
            #"{"did":"did:web:a.test","time_us":7,"kind":"commit","commit":{"rev":"3mptbypluud2a","operation":"delete","#
        return Array(
            (0..<count).map { line + #""collection":"a.b.c","rkey":"k\#($0)"}}"# + "\n" }.joined().utf8
        )
    }

    /// The end of a pipe that gives these bytes in pieces of a size.
    private static func pipe(_ bytes: [UInt8], piece: Int) throws -> Int32 {
        var ends: [Int32] = [-1, -1]
        guard unsafe Glibc.pipe(&ends) == 0 else { throw MissingPart() }
        let writer = ends[1]
        DispatchQueue(label: "pipe").async {
            for start in stride(from: 0, to: bytes.count, by: piece) {
                let part = Array(bytes[start..<min(start + piece, bytes.count)])
                guard unsafe write(writer, part, part.count) == part.count else { break }
            }
            close(writer)
        }
        return ends[0]
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
        // The head of a message that nobody wants is not looked behind, as in the daemon.
        #expect(rejected.isSubset(of: bad))
        #expect(lines.isEmpty || !rejected.isEmpty)
    }

    @Test func `empty lines, a missing end and an empty file are nothing`() throws {
        #expect(try items(of: [], "a.b.c").isEmpty)
        #expect(try items(of: Array("\n\r\n  \n".utf8), "a.b.c").isEmpty)
        #expect(try items(of: Array("{".utf8), "a.b.c").count == 1)
    }

    @Test func `a file that is not there is an error with its name`() throws {
        let failure = #expect(throws: FirehoseError.self) {
            try RecordingReader(path: "/nowhere/recording.jsonl", configuration: Self.configuration("a.b.c"))
        }
        #expect(failure?.code == .recording && failure?.sentence.contains("/nowhere/recording.jsonl") == true)
    }

    @Test func `a message is read as the daemon reads it, with members that nobody knows`() throws {
        let header: JSONValue = ["op": 1, "t": "#identity", "later": ["a"]]
        let payload: JSONValue = [
            "seq": 5, "did": "did:web:a.test", "handle": "a.test", "time": "2026-01-01T00:00:00Z",
        ]
        let message = try header.dagCBOR() + payload.dagCBOR()
        let frame = (0..<4).map { UInt8(truncatingIfNeeded: message.count >> ($0 * 8)) } + message
        var decoder = WireDecoder(
            host: "recording",
            wire: .relay,
            configuration: try Self.configuration("a.b.c"),
            witnessed: 0
        )
        guard case .read(let content) = unsafe decoder.decode(.binary, message.span.bytes) else { throw MissingPart() }
        #expect(content.events.count == 1)
        for bytes in [frame, try Gzip.compressed(frame)] {
            #expect(try items(of: bytes, "a.b.c") == content.events.map(RecordingReader.Item.event))
        }
    }

    @Test func `gzip is read like what is in it, in several members, padded, and from a pipe`() throws {
        let plain = Self.lines(3000)
        let expected = try items(of: plain, "a.b.c")
        #expect(expected.count == 3000)
        let half = plain.count / 2 + 7
        let members =
            try Gzip.compressed(Array(plain[..<half])) + Gzip.compressed([]) + Gzip.compressed(Array(plain[half...]))
        for bytes in [try Gzip.compressed(plain), members, members + [0, 0, 0]] {
            #expect(try items(of: bytes, "a.b.c") == expected)
        }
        for (bytes, piece) in [(members, 1), (members, 100), (plain, 1000)] {
            let input = RecordingInput(owning: try Self.pipe(bytes, piece: piece), name: "standard input")
            var reader = try RecordingReader(input, configuration: try Self.configuration("a.b.c"))
            var items: [RecordingReader.Item] = []
            while let item = try reader.next() { items.append(item) }
            #expect(items == expected, "in pieces of \(piece)")
        }
    }

    @Test func `gzip that is cut or damaged is said to be so, behind what could be read`() throws {
        // Larger than a chunk, so that something comes before the end is missed.
        let whole = try Gzip.compressed(Self.lines(6000))
        var damaged = whole
        damaged[whole.count - 6] ^= 0x10
        let cases = [(Array(whole.dropLast(9)), "is cut"), (damaged, "is damaged"), (whole + [1, 2], "is damaged")]
        for (bytes, words) in cases {
            let directory = try TemporaryDirectory()
            let path = try directory.write(bytes, to: "recording.gz")
            var reader = try RecordingReader(path: path, configuration: try Self.configuration("a.b.c"))
            var count = 0
            let failure = #expect(throws: FirehoseError.self) { while try reader.next() != nil { count += 1 } }
            #expect(failure?.code == .recordingContent && failure?.sentence.contains(words) == true)
            #expect(failure?.sentence.contains(path) == true && count > 1000, "\(count)")
        }
    }

    @Test func `a gzip bomb ends at its limit`() throws {
        let bomb = try Gzip.compressed([UInt8](repeating: 0x0A, count: 8 << 20))
        #expect(bomb.count < 16 << 10)
        let directory = try TemporaryDirectory()
        let path = try directory.write(bomb, to: "bomb.gz")
        let descriptor = unsafe open(path, O_RDONLY)
        let input = RecordingInput(owning: descriptor, name: "standard input", allowance: 1 << 20)
        var count = 0
        let failure = #expect(throws: FirehoseError.self) {
            while true {
                let bytes = try input.next()
                guard !bytes.isEmpty else { return }
                count += bytes.count
            }
        }
        #expect(failure?.sentence.hasPrefix("standard input is no recording") == true && count <= 4 << 20)
    }

    @Test func `what is compressed otherwise is told how to be read`() throws {
        let failure = #expect(throws: FirehoseError.self) {
            try items(of: [0x28, 0xB5, 0x2F, 0xFD, 0, 0, 0], "a.b.c")
        }
        #expect(failure?.code == .recordingContent && failure?.sentence.contains("zstd -dc") == true)
    }

    @Test func `a line that cannot be read has its reason in words`() throws {
        for item in try items(of: Array("{\n \"did\": 1,\n}\n".utf8), "a.b.c") {
            guard case .rejected(_, let message) = item else { throw MissingPart() }
            #expect(
                message.reason.sentence == "it is not an event that can be read" && !message.detail.isEmpty
            )
        }
    }
}
