internal import Notifier

extension StatusPage {
    /// The page for a terminal.
    var text: String {
        var lines = ["\(level.rawValue.uppercased()): \(headline).", "\(account), \(at). \(age)"]
        for finding in findings {
            lines += ["", "\(finding.level == .trouble ? "!!" : "!")  \(finding.sentence)"]
            if let advice = finding.advice { lines.append("   \(advice)") }
        }
        for section in sections {
            lines += ["", section.title.uppercased()]
            lines += (section.notes + Self.lines(section.body)).map { "  \($0)" }
        }
        return lines.map(\.onOneLine).joined(separator: "\n") + "\n"
    }

    private static func lines(_ body: Section.Body) -> [String] {
        switch body {
        case .none: return []
        case .facts(let facts):
            let width = facts.map(\.name.count).max() ?? 0
            return facts.map { "\($0.name.padding(to: width))  \($0.value)" }
        case .table(let columns, let rows): return TextTable(columns, rows).lines
        case .hours(let hours):
            return [("requests", hours.map(\.requests)), ("messages", hours.map(\.messages))].map { name, figures in
                "\(name)  \(curve(figures))  at most \(figures.max() ?? 0) in an hour"
            }
        }
    }

    /// Columns of eight heights; zero is the lowest.
    private static func curve(_ figures: [Int]) -> String {
        let columns = Array("▁▂▃▄▅▆▇█")
        let most = max(1, figures.max() ?? 0)
        return String(figures.map { $0 == 0 ? " " : columns[min(7, ($0 * 8 - 1) / most)] })
    }
}
