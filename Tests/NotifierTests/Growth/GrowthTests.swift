import ATProtocol
import Foundation
import GRDB
import Sandbox
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
    private let now = (Date().timeIntervalSince1970).rounded(.down)

    @Test func `ledgers for the daemon are laid there`() async throws {
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
        let small = try GrownLedger(in: "\(folder)/few-waiting", now: now)
        let large = try GrownLedger(in: "\(folder)/many-waiting", now: now)
        print("milliseconds a call at 1000 finished and 1000 each in look-up, queue and waiting room,")
        print("and at \(finished) finished and \(each) each; changes in a transaction, counters' and triggers' included")
        var violations: [String] = []
        for call in GrowthCall.all {
            let few = try await call.measure(small)
            let many = try await call.measure(large)
            let ratio = many.median / few.median
            let isFast = ratio <= 3 || many.median < 0.5
            let isSmall = max(few.changes, many.changes) <= 1_000
            let line = [
                call.name.padding(toLength: 58, withPad: " ", startingAt: 0),
                String(format: "%9.3f %9.3f %6.2f %6d", few.median, many.median, ratio, many.changes),
                isFast && isSmall ? "" : "  VIOLATION",
            ].joined()
            print(line)
            if !isFast || !isSmall { violations.append(line) }
        }
        #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
    }
}
