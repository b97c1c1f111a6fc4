import TestSupport
import Testing

@testable import Firehose

@Suite struct `The proof of continuity` {
    /// One message as the check sees it.
    struct Message: Sendable {
        var value: Int64
        var digest: UInt64?
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let title: String
        let wire: StreamWire
        var cursor: ResumePoint.Cursor
        var reached: Int64 = 0
        var evidence: [ResumeOverlap.Item] = []
        var gap: StreamGap.Reason?
        let messages: [Message]
        /// The index of the message that settles it, and how; nil when nothing does.
        let finding: (at: Int, ContinuityCheck.Finding)?

        var testDescription: String { title }
    }

    private static let known = [
        ResumeOverlap.Item(value: 90, digest: 9), ResumeOverlap.Item(value: 100, digest: 10),
    ]

    private static func broken(_ reason: StreamGap.Reason, _ detail: String) -> ContinuityCheck.Finding {
        .broken(reason, detail: detail)
    }

    static let rows: [Row] = [
        Row(
            title: "a first connection has nothing to prove",
            wire: .jetstream2,
            cursor: .time(1000),
            messages: [Message(value: 5)],
            finding: nil
        ),
        Row(
            title: "a known event at its place",
            wire: .jetstream2,
            cursor: .position(90),
            reached: 100,
            evidence: known,
            messages: [Message(value: 90, digest: 9)],
            finding: (0, .continuous(at: 90))
        ),
        Row(
            title: "the second of the known events, where the first is not shown",
            wire: .relay,
            cursor: .position(89),
            reached: 100,
            evidence: known,
            messages: [Message(value: 95), Message(value: 100, digest: 10)],
            finding: (1, .continuous(at: 100))
        ),
        Row(
            title: "another event at a known place of v2",
            wire: .jetstream2,
            cursor: .position(90),
            reached: 100,
            evidence: known,
            messages: [Message(value: 90, digest: 8)],
            finding: (0, broken(.sequenceChanged, "position 90 now belongs to another event"))
        ),
        Row(
            title: "another event of the same commit of a relay",
            wire: .relay,
            cursor: .position(89),
            reached: 100,
            evidence: known,
            messages: [Message(value: 90, digest: 8), Message(value: 90, digest: 9)],
            finding: (1, .continuous(at: 90))
        ),
        Row(
            title: "another event in the same microsecond of v1",
            wire: .jetstream1,
            cursor: .position(89),
            reached: 100,
            evidence: known,
            messages: [Message(value: 100, digest: 8), Message(value: 100, digest: 10)],
            finding: (1, .continuous(at: 100))
        ),
        Row(
            title: "a position before the one that was asked for",
            wire: .jetstream2,
            cursor: .position(90),
            reached: 100,
            evidence: known,
            messages: [Message(value: 7, digest: 9)],
            finding: (0, broken(.sequenceChanged, "position 7 came although 90 was asked for"))
        ),
        Row(
            title: "a relay that was moved to lower numbers",
            wire: .relay,
            cursor: .position(89),
            reached: 100,
            evidence: known,
            messages: [Message(value: 7)],
            finding: (0, broken(.sequenceChanged, "position 7 came although 89 was asked for"))
        ),
        Row(
            title: "v1, which does not order its events exactly",
            wire: .jetstream1,
            cursor: .position(89),
            reached: 100,
            evidence: known,
            messages: [Message(value: 80, digest: 7), Message(value: 90, digest: 9)],
            finding: (1, .continuous(at: 90))
        ),
        Row(
            title: "a silent clamp: positions behind all that is known",
            wire: .jetstream1,
            cursor: .position(89),
            reached: 100,
            evidence: known,
            messages: [Message(value: 101, digest: 11)],
            finding: (0, broken(.overlapMissing, "none of the last known events came again"))
        ),
        Row(
            title: "messages that were passed over, up to the end of what is known",
            wire: .relay,
            cursor: .position(89),
            reached: 100,
            evidence: known,
            messages: [Message(value: 90), Message(value: 100), Message(value: 101)],
            finding: (2, broken(.overlapMissing, "none of the last known events came again"))
        ),
        Row(
            title: "a position without evidence proves nothing",
            wire: .relay,
            cursor: .position(99),
            reached: 100,
            messages: [Message(value: 100, digest: 10), Message(value: 101)],
            finding: (1, broken(.overlapMissing, "none of the last known events came again"))
        ),
        Row(
            title: "a live beginning, whose gap is declared anyway",
            wire: .relay,
            cursor: .live,
            evidence: known,
            gap: .hostChanged,
            messages: [Message(value: 5000)],
            finding: nil
        ),
        Row(
            title: "a beginning past a message that is too large",
            wire: .jetstream2,
            cursor: .position(101),
            reached: 100,
            gap: .messageTooLarge,
            messages: [Message(value: 105)],
            finding: nil
        ),
    ]

    private func check(_ row: Row) -> ContinuityCheck {
        var resume = ResumePoint(
            host: "h",
            wire: row.wire,
            known: [],
            distrusted: nil,
            now: 1100,
            configuration: StreamConfiguration(hosts: [], collections: [])
        )
        resume.cursor = row.cursor
        resume.reached = row.reached
        resume.overlap = ResumeOverlap()
        for item in row.evidence { resume.overlap.append(item) }
        resume.gap = row.gap
        return ContinuityCheck(resume, wire: row.wire)
    }

    @Test(arguments: rows) func `a resumed connection is judged by what it shows`(row: Row) {
        var check = check(row)
        #expect(check.isSettled == (row.finding == nil))
        for (index, message) in row.messages.enumerated() {
            let finding = check.observe(value: message.value, digest: message.digest)
            #expect(finding == (index == row.finding?.at ? row.finding?.1 : nil), "message \(index)")
        }
        #expect(check.isSettled)
        #expect(check.observe(value: 1, digest: 1) == nil, "a settled check says nothing more")
    }

    @Test func `silence tells of a future cursor where what is known must come first`() {
        for row in Self.rows where row.finding != nil {
            var check = check(row)
            let isTelling = row.wire != .jetstream1 && !row.evidence.isEmpty
            #expect((check.observeSilence() != nil) == isTelling, "\(row.title)")
            #expect(check.isSettled == isTelling)
        }
    }
}
