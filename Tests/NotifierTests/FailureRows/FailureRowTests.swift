import ATProtocol
import Foundation
import Sandbox
import Testing

@testable import Notifier

/// Every row of the table in docs/delivery.md over real HTTP: what the servers' own bytes make of a message.
@Suite(.timeLimit(.minutes(5))) struct `Failures on the wire, row by row` {
    static let rows =
        FailureRow.connection + FailureRow.authorization + FailureRow.service + FailureRow.owner + FailureRow.lookup
        + FailureRow.index

    @Test(arguments: rows) func `have their outcome and reason`(row: FailureRow) async throws {
        let stage = try await FailureStage()
        let session = try await stage.signIn(row.session)
        try row.arrange(stage)
        let (first, last) = try await stage.run(session, until: row.ending)
        #expect(first.sign == row.sign, "\(row.testDescription)")
        let isThere = last.isAt(row.ending)
        let place = "\(last.job?.state.rawValue ?? "no job"), \(last.sender)"
        #expect(isThere, "\(row.testDescription): \(place)")
        let stored = stage.network.chat.messages
        #expect(stored.count == (row.ending == .delivered ? 1 : 0), "\(row.testDescription)")
        if row.number == 14 || row.number == 15 {
            guard case .held = first.sender else {
                Issue.record("\(row.testDescription): the sender goes on")
                return
            }
        }
    }

    /// Rows that have tests of their own: `ProofTests`, `MisdirectedAnswerTests`.
    private static let elsewhere: Set = [38, 39, 40, 46]

    @Test func `are those of the page, all of them`() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/delivery.md")
        let page = try String(contentsOf: path, encoding: .utf8)
        let table = page.components(separatedBy: "\n| row | signal |").last?.components(separatedBy: "\n\n").first ?? ""
        let numbers = table.matches(of: #/\n\| ([0-9, –]+) \|/#).flatMap { row -> [Int] in
            row.1.split(separator: ", ").flatMap { part -> [Int] in
                let ends = part.split(separator: "–").compactMap { Int($0) }
                return Array((ends.first ?? 0)...(ends.last ?? 0))
            }
        }
        #expect(numbers.count == Set(numbers).count, "a row stands there twice")
        #expect(Set(Self.rows.map(\.number)).union(Self.elsewhere) == Set(numbers))
    }

    @Test func `a suppressed owner gets nothing (row 37)`() async throws {
        let stage = try await FailureStage()
        try await stage.suppressOwner()
        let (first, last) = try await stage.run(try await stage.signIn(.password), until: .dropped)
        #expect(first.sign == .attempt(.input, .drop, .ownerSuppressed))
        #expect(last.job?.state == .dropped)
        #expect(stage.network.chat.messages.isEmpty)
    }
}
