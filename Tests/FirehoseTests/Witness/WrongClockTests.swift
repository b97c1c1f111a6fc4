import ATProtocol
import Network
import TestSupport
import Testing

@testable import Firehose

@Suite(.timeLimit(.minutes(1))) struct `A wrong clock` {
    private typealias Stream = ScriptedStream

    static let wires = [StreamWire.jetstream2, .jetstream1, .relay]

    private func witnessed(_ stream: ScriptedStream) -> [Int64] { stream.ledger.stored.map(\.position.witnessed) }

    /// How everything is judged that was brought.
    private func judgements(_ stream: ScriptedStream) -> Set<Freshness> {
        var classifier = FreshnessClassifier()
        return Set(stream.ledger.events.compactMap { classifier.classify($0, now: stream.clock.now()) })
    }

    private func isNear(_ time: Int64, _ other: Int64 = Stream.now) -> Bool { abs(time - other) < 5 * Stream.minute }

    @Test(arguments: wires, [2, 30] as [Int64])
    func `of one event, of a host or an author, moves nothing, here, after a restart and on another host`(
        wire: StreamWire,
        days: Int64
    ) async throws {
        let stream = Stream()
        try await stream.follow(Stream.url(wire)) { try Stream.messages(wire, 0..<20) }
        try await stream.follow(Stream.url(wire)) {
            try Stream.messages(wire, 0..<60, outliers: [30: days, 31: days, 40: days])
        }
        #expect(witnessed(stream).allSatisfy { isNear($0) })
        #expect(stream.ledger.events.allSatisfy { isNear($0.position.witnessed) })
        let value = try #require(stream.ledger.stored.first).position.value
        #expect(wire == .jetstream1 ? isNear(value) : value == 1059)
        try await stream.follow(Stream.url(wire)) { try Stream.messages(wire, 36..<80, outliers: [40: days]) }
        #expect(stream.ledger.gaps.isEmpty && judgements(stream) == [.fresh])
        guard wire != .relay else { return }
        try await stream.follow(Stream.url(wire, host: "b.test")) { try Stream.messages(wire, 56..<90) }
        #expect(isNear(try #require(stream.cursors.last ?? nil)))
        #expect(stream.ledger.gaps.map(\.reason) == [.hostChanged] && judgements(stream) == [.fresh])
    }

    @Test(arguments: [StreamWire.jetstream2, .jetstream1])
    func `of two accounts in a row moves nothing, what three say is followed`(wire: StreamWire) async throws {
        let stream = Stream()
        // Of v2 the identities alone tell the time.
        try await stream.follow(Stream.url(wire)) {
            try Stream.messages(wire, 0..<20, outliers: [10: 2, wire == .jetstream1 ? 11 : 12: 30])
        }
        #expect(witnessed(stream).allSatisfy { isNear($0) })
        try await stream.follow(Stream.url(wire)) {
            try Stream.messages(wire, 0..<26) + Stream.messages(wire, 26..<40, start: Stream.now + 2 * Stream.day)
        }
        #expect(isNear(try #require(witnessed(stream).first), Stream.now + 2 * Stream.day))
    }

    @Test(arguments: wires, [true, false])
    func `of ours, days ahead at a first start, heals, and what it hid is declared`(
        wire: StreamWire,
        hasTracers: Bool
    ) async throws {
        let stream = Stream(days: 3)
        try await stream.follow(Stream.url(wire)) { try Stream.messages(wire, 0..<20, tracers: hasTracers) }
        #expect(witnessed(stream).allSatisfy { isNear($0) })
        #expect(stream.ledger.gaps.map(\.reason) == [.clockChanged])
        let gap = try #require(stream.ledger.gaps.first)
        #expect(gap.from <= Stream.now - Stream.day + 20 * Stream.minute && gap.until >= Stream.now)
        #expect(!judgements(stream).contains(.stale))
        stream.clock.advance(.zero - .seconds(3 * 86_400))
        try await stream.follow(Stream.url(wire)) { try Stream.messages(wire, 0..<40, tracers: hasTracers) }
        #expect(judgements(stream) == [.fresh] && stream.ledger.gaps.count == 1)
        #expect(witnessed(stream).allSatisfy { isNear($0) })
    }

    @Test(arguments: wires)
    func `of ours, days ahead until something was read, is a gap and no reason to wait`(wire: StreamWire) async throws {
        let stream = Stream(days: 3)
        try await stream.follow(Stream.url(wire)) { [] }
        stream.clock.advance(.zero - .seconds(3 * 86_400))
        try await stream.follow(Stream.url(wire)) { try Stream.messages(wire, 0..<20) }
        let gap = try #require(stream.ledger.gaps.first)
        #expect(stream.ledger.gaps.count == 1 && gap.reason == .clockChanged)
        #expect(gap.from <= Stream.now - Stream.day && gap.until >= Stream.now)
        if wire != .relay { #expect(isNear(try #require(stream.cursors.last ?? nil))) }
        #expect(witnessed(stream).allSatisfy { isNear($0) } && judgements(stream) == [.fresh])
    }

    @Test(arguments: wires) func `of ours, days behind at a first start, heals`(wire: StreamWire) async throws {
        let stream = Stream(days: -3)
        try await stream.follow(Stream.url(wire)) { try Stream.messages(wire, 0..<40) }
        #expect(!judgements(stream).contains(.stale) && stream.ledger.rejected.isEmpty)
        #expect(isNear(try #require(witnessed(stream).first)), "three accounts have told it")
        stream.clock.advance(.seconds(3 * 86_400))
        try await stream.follow(Stream.url(wire)) { try Stream.messages(wire, 16..<80) }
        #expect(judgements(stream) == [.fresh] && stream.ledger.gaps.isEmpty)
        #expect(isNear(try #require(witnessed(stream).first)))
    }

    @Test func `of a host, days ahead and then right, leaves a cursor of the future, which is noticed`() async throws {
        let stream = Stream()
        try await stream.follow(Stream.url(.jetstream1)) {
            try Stream.messages(.jetstream1, 0..<20)
                + Stream.messages(.jetstream1, 20..<60, start: Stream.now + 2 * Stream.day)
        }
        #expect(isNear(try #require(witnessed(stream).first), Stream.now + 2 * Stream.day))
        // It begins with the present, and says nothing of that.
        let present: ScriptedStream.Connection = { try Stream.messages(.jetstream1, 60..<100) }
        try await stream.follow(Stream.url(.jetstream1), present, present)
        let gap = try #require(stream.ledger.gaps.first)
        #expect(stream.ledger.gaps.count == 1 && gap.reason == .sequenceChanged)
        #expect(gap.from <= Stream.now - Stream.day && gap.until >= Stream.now)
        #expect(witnessed(stream).allSatisfy { isNear($0) })
    }

    @Test func `of ours, set while a host is preferred that has refused, ends no connection`() async throws {
        let stream = Stream()
        try await stream.follow(
            Stream.url(.jetstream1),
            or: Stream.url(.jetstream2, host: "b.test"),
            { throw MissingPart() },
            {
                stream.clock.advance(.seconds(86_400))
                return try Stream.messages(.jetstream2, 0..<40)
            }
        )
        #expect(stream.ledger.created.count == 20)
    }

    @Test func `of a host is seen through where heads alone are read`() throws {
        let clock = ManualClock(UnixTime(microseconds: Stream.now))
        var decoder = try WireDecoder(.jetstream1, ["a.b.c"], witnessed: Stream.now, clock: clock)
        var (places, passed): ([Int64], [Bool]) = ([], [])
        for (number, days) in [Int64(0), 2, 0, 0].enumerated() {
            let time = Stream.now + Int64(number) * 1_000_000 + days * Stream.day
            let event = NetworkEvent(number: number, time: Stream.now, kind: .unwanted)
            let bytes = try event.message(.jetstream1, value: 0, time: time)
            switch unsafe decoder.decode(.text, bytes.span.bytes) {
            case .missed(let value):
                passed.append(true)
                places.append(value - Stream.now)
            case .read(let content):
                #expect(content.events.isEmpty && content.rejected.isEmpty)
                passed.append(false)
                places.append(try #require(content.value) - Stream.now)
            }
        }
        #expect(places == [0, 0, 2_000_000, 3_000_000] && passed == [true, false, false, true])
    }

    /// A position as of number 19, whose time is 30 days ahead.
    private func poison(_ stream: ScriptedStream, _ wire: StreamWire) async throws {
        try await stream.follow(Stream.url(wire)) { try Stream.messages(wire, 0..<20) }
        let stored = try #require(stream.ledger.stored.first)
        let ahead = stored.position.witnessed + 30 * Stream.day
        let position = StreamPosition(
            host: stored.position.host,
            wire: wire,
            value: stored.position.value,
            witnessed: ahead
        )
        stream.ledger.store(StreamBatch(position: StoredPosition(position: position, evidence: stored.evidence)))
    }

    @Test(arguments: wires) func `in a stored position heals on its own host`(wire: StreamWire) async throws {
        let stream = Stream()
        try await poison(stream, wire)
        try await stream.follow(Stream.url(wire)) { try Stream.messages(wire, 0..<60) }
        #expect(witnessed(stream).allSatisfy { isNear($0) } && stream.ledger.gaps.isEmpty)
        #expect(judgements(stream) == [.fresh])
    }

    @Test(arguments: wires)
    func `in a stored position is a gap on another host, which is asked for the present`(wire: StreamWire) async throws
    {
        let stream = Stream()
        try await poison(stream, .jetstream2)
        try await stream.follow(Stream.url(wire, host: "b.test")) { try Stream.messages(wire, 20..<60) }
        if wire != .relay { #expect(isNear(try #require(stream.cursors.last ?? nil))) }
        let gap = try #require(stream.ledger.gaps.first)
        #expect(stream.ledger.gaps.count == 1 && gap.reason == .clockChanged)
        #expect(gap.from <= Stream.now - Stream.day && gap.until >= Stream.now)
        #expect(witnessed(stream).contains { isNear($0) } && judgements(stream) == [.fresh])
    }

    @Test(arguments: [StreamWire.jetstream2, .jetstream1])
    func `of ours, days behind, ends no gap before the stream does`(wire: StreamWire) async throws {
        let stream = Stream(days: -3)
        let start = Stream.now - 3 * Stream.day
        try await stream.follow(Stream.url(wire)) { try Stream.messages(wire, 0..<20, start: start) }
        // The machine was off for three days, and its clock with it.
        try await stream.follow(Stream.url(wire)) { try Stream.messages(wire, 100..<140) }
        let gap = try #require(stream.ledger.gaps.last)
        #expect(gap.reason == .overlapMissing)
        #expect(gap.from <= start && gap.until >= Stream.now + 100 * 1_000_000)
    }
}
