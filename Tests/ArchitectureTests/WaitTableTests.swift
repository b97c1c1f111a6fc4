import Testing

/// The times that are written in the source, compared with docs/waits.md.
@Suite struct `The table of all waits` {
    /// The seconds of each time in the source, by `File.name`.
    private static func times() throws -> [String: [Double]] {
        var times: [String: [Double]] = [:]
        let folders = try Repository.targets().filter { !["Sandbox", "ImpactSandbox"].contains($0) }
        for path in try Repository.files(in: folders.map { "Sources/\($0)" }) where path.hasSuffix(".swift") {
            let type = path.split(separator: "/").last?.prefix { $0 != "." && $0 != "+" } ?? ""
            let text = try Repository.text(of: path)
            for match in text.matches(
                of: #/(\w+)(?:: Duration\??)?(?: =|:) (?:Duration)?\.(seconds|milliseconds)\(([0-9_ *]+)\)/#
            ) where match.1 != "in" {
                let unit = match.2 == "seconds" ? 1 : 0.001
                times["\(type).\(match.1)", default: []].append(product(match.3) * unit)
            }
            guard path.hasPrefix("Sources/OAuth/") else { continue }
            for match in text.matches(of: #/static let (\w+): Double = ([0-9_ *]+)\n/#) {
                times["\(type).\(match.1)", default: []].append(product(match.2))
            }
        }
        // The bounds of a key.
        times["RuleSection.silences"] = nil
        return times
    }

    private static func product(_ text: Substring) -> Double {
        text.split(separator: "*").map { Double($0.filter(\.isNumber)) ?? .nan }.reduce(1, *)
    }

    private static func seconds(_ text: Substring) -> Double? {
        let units: [Substring: Double] = ["ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86_400]
        let parts = text.split(separator: " ")
        guard parts.count == 2, let number = Double(parts[0]), let unit = units[parts[1]] else { return nil }
        return number * unit
    }

    @Test func `has each time of the source, and the longest of each row`() throws {
        let times = try Self.times()
        #expect(times.count > 100)
        var named: [String] = []
        for line in try Repository.lines(of: "docs/waits.md") where line.contains(" | `") {
            let cells = line.split(separator: "|", omittingEmptySubsequences: false)
            try #require(cells.count == 6, "\(line)")
            let names = cells[4].matches(of: #/`([\w.]+)`/#).map { String($0.1) }
            named += names
            let longest = names.flatMap { times[$0] ?? [] }.max()
            #expect(Self.seconds(cells[2]) == longest, "\(line)")
        }
        #expect(Set(named).subtracting(times.keys) == [], "in the page alone")
        #expect(Set(times.keys).subtracting(named) == [], "in the source alone")
        #expect(named.count == Set(named).count, "named twice")
    }
}
