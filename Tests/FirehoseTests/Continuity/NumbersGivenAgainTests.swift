import TestSupport
import Testing

@testable import Firehose

/// A host that crashed gives numbers that it has given before.
@Suite(.timeLimit(.minutes(1))) struct `Numbers that are given again` {
    private typealias Stream = ScriptedStream

    /// What is told of fifty accounts in turn, in the same words each time; `place` is where number 0 would stand.
    private static func messages(_ wire: StreamWire, _ numbers: Range<Int>, from place: Int) throws -> [[UInt8]] {
        try numbers.map { number in
            let time = Stream.now + Int64(number) * 1_000_000
            let event = NetworkEvent(number: number, time: time, kind: .identity)
            return try event.message(wire, value: Int64(place + number), time: time)
        }
    }

    @Test(arguments: [StreamWire.jetstream2, .relay])
    func `are noticed where the same is told of the same accounts`(wire: StreamWire) async throws {
        let stream = Stream()
        try await stream.follow(Stream.url(wire)) { try Self.messages(wire, 0..<40, from: 1000) }
        // Of all that is known of numbers 1016 to 1039 only the time is another.
        try await stream.follow(
            Stream.url(wire),
            { try Self.messages(wire, 66..<110, from: 950) },
            { try Self.messages(wire, 66..<120, from: 950) }
        )
        #expect(stream.ledger.gaps.map(\.reason) == [wire == .relay ? .overlapMissing : .sequenceChanged])
    }

    @Test(arguments: [StreamWire.jetstream2, .jetstream1, .relay])
    func `to the same events as before are a continuation`(wire: StreamWire) async throws {
        let stream = Stream()
        try await stream.follow(Stream.url(wire)) { try Self.messages(wire, 0..<40, from: 1000) }
        try await stream.follow(Stream.url(wire)) { try Self.messages(wire, 16..<60, from: 1000) }
        #expect(stream.ledger.gaps.isEmpty && stream.requests.count == 2)
    }
}
