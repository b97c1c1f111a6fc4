import ATProtocol
import Foundation
import TestSupport
import Testing

@testable import Notifier

/// Guards invariants 1, 2 and 11 on every wire, under everything that a stream host can do.
///
/// `CAMPAIGN_FAULTS=2000` runs it in full, some minutes.
@Suite(.timeLimit(.minutes(30))) struct `Streams among faults` {
    private static let target = ProcessInfo.processInfo.environment["CAMPAIGN_FAULTS"].flatMap { Int($0) } ?? 60

    @Test func `every request that was ever written is known exactly once, and every gap is closed`() async throws {
        let campaign = try await StreamCampaign(seed: randomSeed())
        try await campaign.run(faults: Self.target)
        let jobs = try await campaign.ledger.desk.jobs(limit: .max)
        let counts = Dictionary(grouping: jobs, by: \.uri.text).mapValues(\.count)
        let missing = campaign.written.filter { counts[$0] == nil }
        let areAllSeen = missing.isEmpty
        #expect(areAllSeen, "never seen: \(missing.count), for example \(missing.first ?? "")")
        #expect(counts.values.allSatisfy { $0 == 1 } && campaign.matched == campaign.written.count)
        let open = try await campaign.ledger.stream.openGaps()
        let failures = campaign.log.metadata(of: "a repository could not be read for a sweep").suffix(3)
        let areClosed = open.isEmpty
        #expect(areClosed, "still open: \(open.count), for example \(open.prefix(1)); not swept: \(failures)")
        let closed = campaign.log.metadata(of: "gap closed")
        let swept = campaign.log.metadata(of: "gap swept")
        let found = swept.compactMap { $0["found"].flatMap { Int($0) } }.reduce(0, +)
        let covered = campaign.log.count("gap covered by another host")
        // A kill may take the line, never the row.
        #expect(closed.count + covered <= campaign.log.count("stream gap: events may be missing, and are looked for"))
        #expect(campaign.log.count("gap swept") > 0)
        if Self.target >= 1000 {
            for kind in StreamFaultKind.allCases { #expect(campaign.faults[kind] != nil, "\(kind) never happened") }
        }
        let reasons = Dictionary(
            grouping: campaign.log.metadata(of: "stream gap: events may be missing, and are looked for")
        ) { $0["reason"] ?? "" }
        print(
            "campaign: \(campaign.faults.values.reduce(0, +)) faults, \(campaign.lives) lives,",
            "\(campaign.written.count) requests, \(closed.count) gaps swept with \(found) finds, \(covered) covered,",
            reasons.map { "\($0.key) \($0.value.count)" }.sorted().joined(separator: ", ") + ";",
            "proven continuous \(campaign.log.count("stream goes on where it stopped")) times"
        )
    }
}
