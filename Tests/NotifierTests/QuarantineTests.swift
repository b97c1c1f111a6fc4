import ATProtocol
import Firehose
import Network
import Sandbox
import TestSupport
import Testing

@testable import LedgerStorage
@testable import Notifier

@Suite struct `The quarantine` {
    private static func event(
        _ number: Int64,
        host: String = "stream.test",
        detail: String = "it is no JSON",
        bytes: [UInt8] = Array("{".utf8)
    ) -> RejectedEvent {
        RejectedEvent(
            host: host,
            wire: .jetstream2,
            value: number,
            account: World.author,
            reason: .malformed,
            detail: detail,
            bytes: bytes
        )
    }

    @Test func `is said once a minute and host, with the number and one example`() throws {
        let recorder = LogRecorder()
        let clock = ManualClock()
        var report = QuarantineReport(logger: recorder.logger)
        for number in 0..<Int64(30_000) {
            report.take([Self.event(number)], at: clock.now())
            clock.advance(.microseconds(33))
        }
        report.take([Self.event(7, host: "other.test")], at: clock.now())
        var lines = recorder.metadata(of: "events put aside that cannot be read")
        #expect(lines.map { $0["host"] } == ["stream.test", "other.test"] && lines.map { $0["count"] } == ["1", "1"])
        #expect(lines[0]["reason"] == "malformed-message" && lines[0]["position"] == "0")
        #expect(lines[0]["did"] == World.author.text)
        #expect(lines[0]["detail"] == "it is not an event that can be read: it is no JSON")
        // A batch without any is the occasion for what waits.
        clock.advance(.seconds(60))
        report.take([], at: clock.now())
        report.take([], at: clock.now())
        lines = recorder.metadata(of: "events put aside that cannot be read")
        #expect(lines.map { $0["count"] } == ["1", "1", "29999"] && lines[2]["position"] == "1")
        clock.advance(.seconds(59))
        report.take([Self.event(30_000)], at: clock.now())
        #expect(recorder.count("events put aside that cannot be read") == 3)
        // The end, or a reload, swallows nothing.
        report.finish()
        report.finish()
        #expect(recorder.metadata(of: "events put aside that cannot be read").map { $0["count"] }.last == "1")
        #expect(recorder.count("events put aside that cannot be read") == 4)
    }

    @Test func `is counted by a clock that nobody sets, and what is left is said when the daemon stops`() async throws {
        var world = try World()
        let recorder = LogRecorder()
        world.logger = recorder.logger
        world.steadyClock = ManualClock()
        var batches = [World.batch(try World.event(1, at: world.clock))]
        for number in 2...Int64(41) {
            let place = StreamPosition(
                host: "stream.test",
                wire: .jetstream2,
                value: number,
                witnessed: world.clock.now().microseconds
            )
            batches.append(
                StreamBatch(rejected: [Self.event(number)], position: StoredPosition(position: place, evidence: []))
            )
        }
        // Whatever the machine's clock says.
        world.clock.advance(.seconds(86_400))
        try await world.run(batches)
        #expect(recorder.metadata(of: "events put aside that cannot be read").map { $0["count"] } == ["1", "39"])
        let ledger = try await world.directory.ledger()
        #expect(try await ledger.stream.quarantine(limit: 1000).count == 40)
        #expect(try await ledger.stream.quarantined() == 40)
    }

    @Test func `keeps the last thousand of a flood, and is counted`() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await Ledger.open(directory: directory.path, access: .daemon)
        #expect(try await ledger.stream.quarantined() == 0)
        let batch = StreamBatch(rejected: (0..<1500).map { Self.event($0) })
        _ = try await ledger.queue(Timetable()).store(batch, [], now: 1_790_000_000)
        let kept = try await ledger.stream.quarantine(limit: 2000)
        #expect(kept.count == 1000 && kept.first?.position == 1499)
        #expect(try await ledger.stream.quarantined() == 1000)
    }

    @Test func `is listed by the ledger, the newest first, and shown with its bytes`() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await Ledger.open(directory: directory.path, access: .daemon)
        let long = [UInt8](repeating: 0xFF, count: RejectedEvent.maximumBytes + 1)
        var batch = StreamBatch(rejected: [Self.event(1), Self.event(2, detail: "", bytes: long)])
        let nowhere = RejectedEvent(
            host: "relay.test",
            wire: .relay,
            value: nil,
            reason: .init(rawValue: "later"),
            detail: "d",
            bytes: []
        )
        batch.rejected.append(nowhere)
        _ = try await ledger.queue(Timetable()).store(batch, [], now: 1_790_000_000)
        let listed = try await ledger.stream.quarantine(limit: 50)
        #expect(listed.map(\.position) == [nil, 2, 1] && listed.map(\.size) == [0, RejectedEvent.maximumBytes, 1])
        #expect(listed.map(\.host) == ["relay.test", "stream.test", "stream.test"])
        #expect(listed[0].reason.sentence == "later" && listed[0].wire == .relay && listed[0].detail == "d")
        #expect(listed.allSatisfy { $0.noticedAt == 1_790_000_000 })
        #expect(try await ledger.stream.quarantine(limit: 2) == Array(listed.prefix(2)))
        let shown = try #require(try await ledger.stream.quarantined(listed[2].id))
        #expect(shown.event == listed[2] && shown.bytes == Array("{".utf8))
        let absent = try await ledger.stream.quarantined(999)
        #expect(absent == nil)
    }
}
