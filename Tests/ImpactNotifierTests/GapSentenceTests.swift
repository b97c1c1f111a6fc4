import ATProtocol
import Backfill
import Firehose
import Network
import TestSupport
import Testing

@testable import ImpactNotifier

/// What `explain` says of gaps in which a request may lie that nobody has seen.
@Suite struct `What explain says of gaps` {
    private static let start = UnixTime(seconds: 1_790_000_000)
    private let gap = StreamGap(
        host: "h",
        wire: .jetstream2,
        from: Self.start.microseconds,
        until: (Self.start + .seconds(3600)).microseconds,
        reason: .cursorTooOld
    )
    private let bounds =
        "gap from \(Self.start) to \(Self.start + .seconds(3600)) (cursor-too-old) that may hold the request: "

    private func open(sweptAt: UnixTime? = nil, wait: SweepWait? = nil) -> OpenGap {
        OpenGap(id: 1, gap: gap, sweptAt: sweptAt, wait: wait)
    }

    @Test func `an open one says what is done about it, and when`() {
        let begin = "The stream has an open \(bounds)"
        #expect(open().sentence == begin + "the authors are being asked.")
        let swept = open(sweptAt: Self.start).sentence
        #expect(
            swept == begin
                + "all authors have answered once, and are asked once more, for relays may list new authors late."
        )
    }

    @Test(arguments: [(3600, "1h"), (6 * 3600, "6h"), (86_400, "1d"), (3 * 86_400, "3d")])
    func `one for which somebody does not answer says who, when they are asked again, and for how long`(
        patience: Int,
        words: String
    ) {
        let next = Self.start + .seconds(60)
        let wait = SweepWait(
            unanswered: "1 of 9 authors did not answer, for example did:web:a.test: no answer",
            nextAt: next,
            patience: .seconds(patience)
        )
        let rest = "; they are asked again at \(next), and the gap is given up without them after \(words) of asking."
        #expect(open(wait: wait).sentence == "The stream has an open \(bounds)\(wait.unanswered)\(rest)")
    }

    @Test func `one that was given up says who was not asked`() {
        let past = GivenUpGap(gap: gap, closedAt: Self.start, unanswered: "1 of 9 authors did not answer")
        let end = "it was given up at \(Self.start), when 1 of 9 authors did not answer."
        #expect(past.sentence == "The stream had a \(bounds)\(end)")
    }

    @Test(arguments: [
        (-90_000, false), (-86_700, true), (0, true), (3600, true), (4100, true), (4300, false),
    ])
    func `a request may lie in a gap that it was written a day before, and in none that ended before it`(
        seconds: Int,
        mayLie: Bool
    ) throws {
        let time = UInt64((Self.start + .seconds(seconds)).microseconds)
        let key = TID(microseconds: time, clock: 7).text
        let uri = try ATURI("at://did:web:a.test/com.example.change.request/\(key)")
        #expect(gap.mayHold(uri, lookback: .seconds(86_400)) == mayLie)
        let named = try ATURI("at://did:web:a.test/com.example.change.request/named")
        #expect(gap.mayHold(named, lookback: .seconds(86_400)))
    }

    @Test func `a gap of one account may hold what that account has written alone`() throws {
        var gap = gap
        (gap.host, gap.reason) = ("did:web:a.test", .repositoryReplaced)
        let key = TID(microseconds: UInt64(Self.start.microseconds), clock: 7).text
        for (author, mayLie) in [("did:web:a.test", true), ("did:web:b.test", false)] {
            let uri = try ATURI("at://\(author)/com.example.change.request/\(key)")
            #expect(gap.mayHold(uri, lookback: .seconds(86_400)) == mayLie)
        }
    }
}
