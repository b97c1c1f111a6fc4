import Foundation
import Testing

/// A job's life is in one place: machines decide, one file writes what they say, and nobody else speaks SQL.
@Suite struct `A job's life` {
    private static let machines = ["RequestMachine", "JobMachine", "MessageMachine"].map {
        "Sources/Notifier/Job/\($0).swift"
    }

    @Test func `Job imports ATProtocol alone`() throws {
        for path in try Repository.swiftFiles(in: "Sources/Notifier/Job") {
            for line in try Repository.lines(of: path) where line.contains(#/^(\w+ )?import /#) {
                #expect(line.hasSuffix("import ATProtocol"), "\(path): \(line)")
            }
        }
    }

    @Test func `only stores know of a database`() throws {
        let sql = #/\bGRDB\b|"\s*(SELECT|INSERT|UPDATE|DELETE|PRAGMA) |\bsql:/#
        for path in try Repository.swiftFiles(in: "Sources")
        where !path.hasPrefix("Sources/Notifier/Ledger/") && !path.hasPrefix("Sources/LedgerStorage/") {
            #expect(try Repository.code(of: path).firstMatch(of: sql) == nil, "\(path) speaks to the database")
        }
    }

    @Test func `no statement spells a state or a reason`() throws {
        let reasons = try Repository.code(of: "Sources/Notifier/Job/Reason.swift").matches(
            of: #/case \w+ = "([a-z-]+)"/#
        )
        // Other words of the machines, such as “none”, stand between such quotes in other languages.
        let enumeration = #/enum (?:JobState|State):[^{]*\{(?<cases>[^}]*)\}/#
        var states: [String] = []
        for path in ["Sources/Notifier/Job/JobState.swift"] + Self.machines {
            for match in try Repository.code(of: path).matches(of: enumeration) {
                states += match.cases.matches(of: #/(?m)^\s+case (\w+)$/#).map { String($0.1) }
            }
        }
        let words = Set(reasons.map { String($0.1) } + states)
        #expect(words.isSuperset(of: ["queued", "posting", "lookup", "verify", "owner-blocked"]))
        for path in try Repository.swiftFiles(in: "Sources") where !path.contains("/LedgerSchema") {
            for match in try Repository.code(of: path).matches(of: #/'([a-z-]+)'/#)
            where words.contains(String(match.1)) {
                Issue.record("\(path) spells “\(match.1)” in a statement")
            }
        }
    }

    @Test func `one file writes states`() throws {
        let writing = try Repository.swiftFiles(in: "Sources").filter { path in
            try !path.contains("/LedgerSchema")
                && Repository.code(of: path).contains(#/UPDATE (request|job|message) SET state/#)
        }
        #expect(writing == ["Sources/Notifier/Ledger/JobQueue+Apply.swift"])
        for path in try Repository.swiftFiles(in: "Sources") where !writing.contains(path) {
            let text = try Repository.code(of: path)
            #expect(
                !text.contains(#/\bSET\b(?:(?!WHERE)[^"])*\bstate = /#) || path.contains("/LedgerSchema"),
                "\(path)"
            )
        }
    }

    @Test func `of every new row a machine says the state`() throws {
        let insertion =
            #/INSERT (?:OR \w+ )?INTO (?:request|job|message) \((?<columns>[^)]*)\)\s*(?:VALUES|SELECT)(?<values>[^"]*)"/#
        var found = 0
        for path in try Repository.swiftFiles(in: "Sources") where !path.contains("/LedgerSchema") {
            let code = try Repository.code(of: path)
            let insertions = code.matches(of: insertion)
            found += insertions.count
            let beginnings = code.matches(of: #/INSERT (?:OR \w+ )?INTO (?:request|job|message)\b/#)
            #expect(beginnings.count == insertions.count, "\(path) adds a row in a way that is not understood here")
            for match in insertions {
                #expect(match.columns.contains(#/\bstate\b/#), "\(path)")
                #expect(match.values.contains(#"\(machine.state)"#), "\(path)")
                #expect(code.contains(#/\bmachine(?: =|:) (?:Request|Job|Message)Machine\b/#), "\(path)")
            }
        }
        #expect(found == 4)
    }

    @Test func `the ledger's benchmark makes every call of a store that a loop makes`() throws {
        func text(in folder: String) throws -> String {
            try Repository.swiftFiles(in: folder).filter { !$0.hasPrefix("Sources/Notifier/Ledger/") }
                .map { try Repository.code(of: $0) }.joined()
        }
        let (loops, benchmark) = try (
            text(in: "Sources/Notifier") + text(in: "Sources/Backfill"), text(in: "Tests/NotifierTests/Growth")
        )
        var calls: Set<String> = []
        for path in try Repository.swiftFiles(in: "Sources/Notifier/Ledger") {
            let declaration = #/(?m)^    (?:public |package )?func (\w+)\([^{]*?async throws\(LedgerError\)/#
            for match in try Repository.code(of: path).matches(of: declaration) where loops.contains(".\(match.1)(") {
                calls.insert(String(match.1))
            }
        }
        #expect(calls.isSuperset(of: ["nextCandidate", "correctWaits", "answered"]))
        // The whole file once, a key, one row, and a pragma.
        calls.subtract(["examine", "marks", "set", "version"])
        #expect(calls.filter { !benchmark.contains(".\($0)(") } == [])
    }

    @Test(arguments: machines) func `somebody performs every action of a machine`(path: String) throws {
        let machine = try Repository.code(of: path)
        let actions = try #require(machine.firstMatch(of: #/public enum Action[^{]*\{(?<cases>[^}]*)\}/#))
        let names = actions.cases.matches(of: #/case (\w+)/#).map { String($0.1) }
        #expect(!names.isEmpty)
        let performers = try Repository.swiftFiles(in: "Sources/Notifier")
            .filter { !$0.hasPrefix("Sources/Notifier/Job/") }
            .flatMap { try Repository.code(of: $0).split(separator: "\n") }
            .filter { !$0.hasSuffix(": break") }
        for name in names {
            let pattern = try Regex(#"(case|contains\()[^:]*\.\#(name)\b"#)
            #expect(performers.contains { $0.firstMatch(of: pattern) != nil }, "nobody performs \(name)")
        }
    }
}
