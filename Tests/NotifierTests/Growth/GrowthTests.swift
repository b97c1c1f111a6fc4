import ATProtocol
import Foundation
import GRDB
import Network
import Sandbox
import Synchronization
import TestSupport
import Testing

@testable import Notifier

/// What grows with the ledger, and what must not: `make bench-ledger` (Tests/Benchmarks/ledger.sh) runs it, and nothing else.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["LEDGER_BENCH"] != nil), .serialized) struct `Growth` {
    private static func number(_ name: String, _ usual: Int) -> Int {
        ProcessInfo.processInfo.environment[name].flatMap(Int.init) ?? usual
    }

    private let folder = ProcessInfo.processInfo.environment["LEDGER_BENCH"] ?? ""
    private let finished = Self.number("LEDGER_FINISHED", 1_000_000)
    private let each = Self.number("LEDGER_WAITING", 100_000)
    private let owners = Self.number("LEDGER_OWNERS", 300_000)
    private let repetitions = Self.number("LEDGER_REPETITIONS", 5)
    private let now = UnixTime(seconds: Date().timeIntervalSince1970.rounded(.down))

    @Test func `needs ledgers of every size, which are laid here`() async throws {
        try await GrownLedger.fill("\(folder)/few", .init(finished: 1_000), now: now)
        try await GrownLedger.fill("\(folder)/many", .init(finished: finished), now: now)
        try await GrownLedger.fill("\(folder)/owners", .init(owners: owners), now: now)
    }

    @Test func `no statement takes longer for what is finished or waits, and no transaction touches many rows`()
        async throws
    {
        for name in ["few", "many"] {
            try? FileManager.default.removeItem(atPath: "\(folder)/\(name)-waiting")
            try FileManager.default.copyItem(atPath: "\(folder)/\(name)", toPath: "\(folder)/\(name)-waiting")
        }
        try await GrownLedger.fill("\(folder)/few-waiting", .init(each: 1_000), now: now)
        try await GrownLedger.fill("\(folder)/many-waiting", .init(each: each), now: now)
        let large = try GrownLedger(in: "\(folder)/many-waiting", now: now)
        print("milliseconds a call at 1000 finished and 1000 each in look-up, queue and waiting room,")
        print(
            "and at \(finished) finished and \(each) each; changes in a transaction, counters' and triggers' included"
        )
        let only = ProcessInfo.processInfo.environment["LEDGER_ONLY"] ?? ""
        var violations: [String] = []
        large.statements.all.withLock { $0 = [] }
        for call in GrowthCall.all where only.isEmpty || call.name.contains(only) {
            var few = GrowthCall.Cost(median: 0, changes: 0)
            var (many, ratio, isFast) = (few, Double.infinity, false)
            // Somebody else may have had the machine: what is slow is slow three times.
            for _ in 0..<3 where !isFast {
                // Another copy each time: a batch is a good part of what is there.
                few = try await call.measure(repetitions: repetitions) {
                    try? FileManager.default.removeItem(atPath: "\(folder)/few-copy")
                    try FileManager.default.copyItem(atPath: "\(folder)/few-waiting", toPath: "\(folder)/few-copy")
                    return try GrownLedger(in: "\(folder)/few-copy", now: now)
                }
                many = try await call.measure(repetitions: repetitions) { large }
                ratio = many.median / few.median
                isFast = ratio <= 3 || many.median < 0.5
            }
            let isSmall = max(few.changes, many.changes) <= 1_000
            let line = [
                call.name.padding(toLength: 58, withPad: " ", startingAt: 0),
                String(format: "%9.3f %9.3f %6.2f %6d", few.median, many.median, ratio, many.changes),
                isFast && isSmall ? "" : "  VIOLATION",
            ].joined()
            print(line)
            if !isFast || !isSmall { violations.append(line) }
        }
        violations += try large.scans()
        #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
    }
}
