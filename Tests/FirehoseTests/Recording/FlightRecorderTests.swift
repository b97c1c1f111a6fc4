import ATProtocol
import Foundation
import Network
import Sandbox
import TestSupport
import Testing

@testable import Firehose

@Suite struct `The flight recorder` {
    private func items(of bytes: [UInt8], _ collections: [String]) throws -> [RecordingReader.Item] {
        let directory = try TemporaryDirectory()
        let path = directory.file("dump.jsonl")
        #expect(FlightRecorder.write(bytes, to: path))
        let patterns = try collections.map { try CollectionPattern($0) }
        let configuration = StreamConfiguration(hosts: [], collections: patterns)
        var reader = try RecordingReader(path: path, configuration: configuration)
        var items: [RecordingReader.Item] = []
        while let item = try reader.next() { items.append(item) }
        return items
    }

    private func commits(_ items: [RecordingReader.Item]) -> Int {
        items.count { if case .event(let event) = $0 { event.isCommit } else { false } }
    }

    @Test func `a dump of either kind of message is read back as it was received`() throws {
        let messages = try RelayRecording.messages()
        var recorder = FlightRecorder(host: "relay.test", wire: .relay, capacity: 2 << 20)
        for message in messages { unsafe recorder.record(.binary, message.span.bytes, at: 1) }
        #expect(commits(try items(of: recorder.lines, ["app.bsky.feed.like"])) == (messages.isEmpty ? 0 : 105))
        let lines = try JetstreamLines.version1()
        var texts = FlightRecorder(host: "jetstream.test", wire: .jetstream1, capacity: 2 << 20)
        for line in lines { unsafe texts.record(.text, line.span.bytes, at: 1) }
        #expect(commits(try items(of: texts.lines, ["app.bsky.feed.like"])) == (lines.isEmpty ? 0 : 105))
    }

    @Test func `only the last messages that fit are kept`() throws {
        var recorder = FlightRecorder(host: "h", wire: .jetstream1, capacity: 1000)
        for number in 0..<10_000 {
            let message = [UInt8](repeating: UInt8(number % 251), count: 1 + number % 300)
            unsafe recorder.record(.text, message.span.bytes, at: UnixTime(microseconds: Int64(number)))
        }
        let lines = try recorder.lines.split(separator: 0x0A).map { try JSONValue(parsing: $0) }
        let times = lines.compactMap { $0["recorded_us"]?.integer }
        #expect(times == Array(times[0]..<10_000) && times.count >= 2)
        for line in lines {
            let number = try Int(require(line["recorded_us"]?.integer))
            let bytes = try require(line["bytes"]?.dataBytes)
            let isWhole = bytes == [UInt8](repeating: UInt8(number % 251), count: 1 + number % 300)
            #expect(isWhole, "message \(number)")
        }
        unsafe recorder.record(.text, [UInt8](repeating: 0, count: 1001).span.bytes, at: 0)
        #expect(recorder.lines.split(separator: 0x0A).count == times.count)
    }

    @Test func `recorded relay messages are read by their lengths, wherever the file ends`() throws {
        guard let bytes = try Corpus.decompressed("frames.bin.zst") else { return }
        #expect(commits(try items(of: bytes, ["app.bsky.feed.like"])) == 105)
        let cut = try items(of: Array(bytes.prefix(bytes.count / 2)), ["app.bsky.feed.like"])
        #expect(cut.count { if case .rejected = $0 { true } else { false } } == 1)
    }
}
