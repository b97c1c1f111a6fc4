import Network
import TestSupport
import Testing

@testable import Firehose

/// What a host tells about its stream, however often.
@Suite(.timeLimit(.minutes(1))) struct `Notices of a host` {
    private typealias Stream = ScriptedStream

    @Test func `without end are one line a minute with their number, and one gap`() async throws {
        let stream = Stream()
        let url = try Stream.url(.jetstream2)
        try await stream.follow(url) { try Stream.messages(.jetstream2, 0..<20) }
        let notice = ##"{"$type":"message","payload":{"$type":"x#info","name":"OutdatedCursor","message":"later"}}"##
        try await stream.follow(url) {
            try Array(repeating: Array(notice.utf8), count: 50) + Stream.messages(.jetstream2, 16..<40)
        }
        #expect(stream.ledger.gaps.map(\.reason) == [.outdatedCursor])
        let lines = stream.log.metadata(of: "stream host sent a notice")
        #expect(lines.compactMap { $0["count"] } == ["1", "49"])
        #expect(
            lines.allSatisfy {
                $0["host"] == url.authority && $0["reason"] == "OutdatedCursor" && $0["detail"] == "later"
            }
        )
        #expect(stream.ledger.created.count == 20 && stream.ledger.rejected.isEmpty)
    }

    @Test func `are said at once, then once a minute, and at the end`() {
        let log = LogRecorder()
        var report = NoticeReport(host: "a.test", logger: log.logger)
        let start = UnixTime(seconds: 1000)
        func counts() -> [String?] { log.metadata(of: "stream host sent a notice").map { $0["count"] } }
        for second in 0..<150 { report.take("slow", "\(second)", at: start + .seconds(second)) }
        #expect(counts() == ["1", "60", "60"])
        report.say(at: start + .seconds(179))
        #expect(counts().count == 3 && report.isOpen)
        report.say(at: start + .seconds(180))
        #expect(counts().last == "29" && !report.isOpen)
        report.say(at: start + .seconds(900))
        report.finish()
        #expect(counts().count == 4)
        report.take("slow", "again", at: start + .seconds(901))
        report.take("slow", "again", at: start + .seconds(902))
        report.finish()
        #expect(counts().suffix(2) == ["1", "1"])
    }
}
