import Foundation
import Testing

@Suite struct `The documentation` {
    private static let pages = ["README.md", "CHANGELOG.md", "docs", ".github"]

    private func pages() throws -> [String] {
        try Self.pages.filter(Repository.exists).flatMap { $0.hasSuffix(".md") ? [$0] : try Repository.files(in: [$0]) }
            .filter { $0.hasSuffix(".md") }
    }

    @Test func `a link leads to a file that exists`() throws {
        var broken: [String] = []
        for page in try pages() {
            let folder = page.split(separator: "/").dropLast().joined(separator: "/")
            for match in try Repository.text(of: page).matches(of: #/\]\((?<target>[^)#:\s]+)(?:#[^)]*)?\)/#) {
                let path = URL(filePath: "/\(folder)/\(match.target)").standardized.path(percentEncoded: false)
                if !Repository.exists(String(path.dropFirst())) { broken.append("\(page): \(match.target)") }
            }
        }
        #expect(broken == [])
    }

    @Test func `a path that a page names exists, in a sentence, a command or a link`() throws {
        let path =
            #/(?:^|[\s`("'\[])(?<path>(?:Sources|Tests|config|systemd|docs|\.ci|\.github)\/[\w.\/+\-]*\w)/#
            .anchorsMatchLineEndings()
        var named = 0
        var missing: [String] = []
        for page in try pages() {
            for match in try Repository.text(of: page).matches(of: path) {
                named += 1
                if !Repository.exists(String(match.path)) { missing.append("\(page): \(match.path)") }
            }
        }
        #expect(named > 100)
        #expect(missing == [])
    }

    @Test func `every page is one step from README.md`() throws {
        let entrance = try Repository.text(of: "README.md")
        let pages = try Repository.files(in: ["docs"]).filter { !$0.hasPrefix("docs/decisions/0") }
        #expect(pages.count > 15)
        #expect(pages.filter { !entrance.contains("](\($0)") } == [])
    }

    @Test func `every make target that a page names exists`() throws {
        let makefile = try Repository.text(of: "Makefile")
        var unknown: [String] = []
        for page in try pages() {
            for match in try Repository.text(of: page).matches(of: #/`(?:sudo )?make (?<target>[a-z]+)/#)
            where !makefile.contains("\n\(match.target):") {
                unknown.append("\(page): make \(match.target)")
            }
        }
        #expect(unknown == [])
    }

    @Test func `whatever stops the daemon gives it the time of the unit`() throws {
        let paths = [
            "systemd/impact-notifier.service", "config/container/compose.yaml",
            "config/container/impact-notifier.container", "docs/operations.md", "Tests/Package/container.sh",
        ]
        let time = #/(?:TimeoutStopSec=|stop_grace_period: |--stop-timeout[= ])(?<seconds>\d+)/#
        for path in paths {
            let times = try Repository.text(of: path).matches(of: time).compactMap { Int($0.seconds) }
            // A message under way has 40 s, then the answer to a renewal of tokens two minutes.
            #expect(!times.isEmpty && times.allSatisfy { $0 >= 180 }, "\(path)")
        }
    }

    @Test func `a decision has its date, its status and the alternatives, and is in the list`() throws {
        let list = try Repository.text(of: "docs/decisions/README.md")
        let paths = try Repository.files(in: ["docs/decisions"]).filter { !$0.hasSuffix("/README.md") }
        #expect(paths.count >= 18)
        for (index, path) in paths.enumerated() {
            let text = try Repository.text(of: path)
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            let title = try #require(lines.first?.wholeMatch(of: #/# (?<number>\d+)\. (?<text>.+)/#), "\(path)")
            #expect(Int(title.number) == index + 1, "\(path)")
            let standing = #/\*\d{1,2} [A-Z][a-z]+ \d{4}\. (Accepted|Withdrawn|Superseded by .+)\.\*/#
            #expect(lines.dropFirst(2).first?.wholeMatch(of: standing) != nil, "\(path)")
            #expect(text.contains("\n**Alternatives.** "), "\(path)")
            let name = path.split(separator: "/").last ?? ""
            #expect(list.contains("](\(name)) | \(title.text) |"), "\(path)")
        }
    }

    @Test func `the glossary explains sixty words, each once, by names that the code has`() throws {
        let page = try Repository.lines(of: "docs/glossary.md")
        let rows = page.filter { $0.hasPrefix("| ") && !$0.hasPrefix("| word ") }
            .map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
        #expect(rows.count == 60 && Set(rows.map(\.first)).count == 60)
        let sources = try Repository.swiftFiles(in: "Sources").map { try Repository.text(of: $0) }
        let declaration = #/\b(?:struct|class|enum|actor|protocol) (?<name>[A-Z]\w+)/#
        let names = Set(sources.flatMap { $0.matches(of: declaration).map { String($0.name) } })
        for row in rows {
            try #require(row.count == 3, "\(row)")
            let types = row[2].matches(of: #/`(?<name>\w+)`/#).map { String($0.name) }
            #expect(!types.isEmpty && names.isSuperset(of: types), "\(row)")
        }
    }

    @Test func `every row of the failures is explained, and no other`() throws {
        let page = try Repository.text(of: "docs/delivery.md").components(separatedBy: "\n## Failures\n")
        let table = try #require(page.last?.components(separatedBy: "\n## ").first)
        var explained: Set<Int> = []
        for match in table.matches(of: #/^\| (?<rows>\d[\d, –]*) \|/#.anchorsMatchLineEndings()) {
            for part in match.rows.split(separator: ",") {
                let ends = part.split(separator: "–").compactMap { Int($0.filter(\.isNumber)) }
                let (first, last) = try (#require(ends.min()), #require(ends.max()))
                explained.formUnion(first...last)
            }
        }
        let rows = try Repository.swiftFiles(in: "Sources/Notifier").flatMap { path in
            try Repository.text(of: path).matches(of: #/\bVerdict\(\s*(?<row>\d+),/#).compactMap { Int($0.row) }
        }
        #expect(rows.count > 40)
        #expect(Set(rows) == explained)
    }

    @Test func `every metric of the program is explained to the operator, and no other`() throws {
        let names = try Repository.text(of: "Sources/ImpactNotifier/Metrics/MetricHelp.swift")
            .matches(of: #/^ {8}"(?<name>[a-z_]+)": "/#.anchorsMatchLineEndings()).map { String($0.name) }
        let page = try Repository.text(of: "docs/operations.md")
        let explained = page.matches(of: #/^\| `impact_notifier_(?<name>[a-z_]+)/#.anchorsMatchLineEndings())
            .map { String($0.name) }
        #expect(names.count > 20)
        #expect(Set(names) == Set(explained))
    }

    @Test func `every code that somebody may be shown has its row, and no other`() throws {
        // Those of a session's state stand on the page about it, compared by a test of their own.
        let paths = try Repository.swiftFiles(in: "Sources")
            .filter { !$0.hasPrefix("Sources/Sandbox/") && !$0.hasSuffix("/SessionProblem.swift") }
        let reasons = try Repository.text(of: "Sources/Notifier/Job/Reason.swift")
        var codes = Set(reasons.matches(of: #/case \w+ = "([a-z-]+)"/#).map { $0.1 })
        for text in try paths.map(Repository.text(of:)) where text.contains("(rawValue: \"") {
            codes.formUnion(text.matches(of: #/ = (?:Code|Reason)\(rawValue: "([a-z_-]+)"\)/#).map { $0.1 })
        }
        #expect(codes.count > 150)
        let explained = try Repository.text(of: "docs/reasons.md")
            .matches(of: #/^\| `([a-z_-]+)` \| ./#.anchorsMatchLineEndings()).map { $0.1 }
        #expect(codes.subtracting(explained) == [], "in the source alone")
        #expect(Set(explained).subtracting(codes) == [], "on the page alone")
    }

    @Test func `the invariants are numbered once, and tests name each of them`() throws {
        let numbers = try Repository.text(of: "docs/invariants.md")
            .matches(of: #/^(\d+)\. \*\*/#.anchorsMatchLineEndings()).compactMap { Int($0.1) }
        #expect(numbers == Array(1...max(1, numbers.count)))
        func named(in paths: [String]) throws -> Set<Int> {
            var named: Set<Int> = []
            for text in try paths.map(Repository.text(of:)) where text.contains("nvariant") {
                for match in text.matches(of: #/[Ii]nvariants? (\d+(?:(?:,| and) \d+)*)/#) {
                    named.formUnion(match.1.split { !$0.isNumber }.compactMap { Int($0) })
                }
            }
            return named
        }
        let tests = try named(in: Repository.swiftFiles(in: "Tests"))
        #expect(Set(numbers).subtracting(tests) == [], "no test names these")
        let others = try named(in: Repository.swiftFiles(in: "Sources") + pages())
        #expect(tests.union(others).subtracting(numbers) == [], "no invariants")
    }
}
