import Foundation
import Testing

/// The alert rules and the dashboard that we ship, compared with the program; `make alerts` tests what the alerts do.
@Suite struct `What watches the daemon` {
    private static let rules = "config/prometheus/impact-notifier.rules.yaml"
    private static let dashboard = "config/grafana/impact-notifier.json"

    /// Names of the metrics that the program explains, prefix included.
    private func metrics() throws -> Set<String> {
        let names = try Repository.text(of: "Sources/ImpactNotifier/Metrics/MetricHelp.swift")
            .matches(of: #/^ {8}"(?<name>[a-z_]+)": "/#.anchorsMatchLineEndings()).map { "impact_notifier_\($0.name)" }
        let process = try Repository.text(of: "Sources/ImpactNotifier/Metrics/ProcessMetrics.swift")
            .matches(of: #/"(?<name>process_[a-z_]+)"/#).map { String($0.name) }
        return Set(names + process)
    }

    /// The expressions of all panels, with the titles of these.
    private func panels() throws -> [(title: String, expression: String)] {
        struct Dashboard: Decodable {
            struct Panel: Decodable {
                struct Target: Decodable { let expr: String }
                let title: String
                let targets: [Target]
            }
            struct Templating: Decodable {
                struct Variable: Decodable {
                    let name: String
                    let multi: Bool?
                    let includeAll: Bool?
                }
                let list: [Variable]
            }
            let panels: [Panel]
            let templating: Templating
        }
        let dashboard = try JSONDecoder().decode(Dashboard.self, from: Data(Repository.text(of: Self.dashboard).utf8))
        #expect(
            dashboard.templating.list.contains { $0.name == "instance" && $0.multi == true && $0.includeAll == true }
        )
        return dashboard.panels.flatMap { panel in panel.targets.map { (panel.title, $0.expr) } }
    }

    @Test(arguments: [rules, dashboard]) func `names only metrics that the program has`(path: String) throws {
        let known = try metrics()
        let named = try Repository.text(of: path).matches(of: #/\b(?:impact_notifier|process)_[a-z_]+/#).map {
            String($0.output).replacing(#/_(?:bucket|sum|count)$/#, with: "")
        }
        #expect(named.count > 10)
        #expect(Set(named).subtracting(known) == [])
    }

    @Test func `knows every metric that the source records`() throws {
        let known = try metrics()
        for path in try Repository.swiftFiles(in: "Sources") {
            let text = try Repository.text(of: path)
            let whole = text.matches(of: #/label: "(?<name>impact_notifier_[a-z_]+)"/#).map { String($0.name) }
            let parts = text.matches(of: #/\bprefix \+ "(?<name>[a-z_]+)"/#).map { "impact_notifier_\($0.name)" }
            #expect(Set(whole + parts).subtracting(known) == [], "\(path)")
        }
    }

    @Test func `aggregates by instance, so that no daemon hides another`() throws {
        let expressions = try Repository.text(of: Self.rules).matches(
            of: #/\b(?:max|min|sum|avg)\b(?! by \(job, instance)/#
        )
        #expect(expressions.map { String($0.output) } == [], "in the rules")
        for (title, expression) in try panels() {
            #expect(expression.contains(#"instance=~"$instance""#), "\(title)")
            #expect(expression.firstMatch(of: #/\b(?:max|min|sum|avg)\b(?! by \(instance)/#) == nil, "\(title)")
        }
    }

    @Test func `says with each alert what to run or to read, and what is to be read exists`() throws {
        let alerts = try Repository.text(of: Self.rules).components(separatedBy: "- alert: ").dropFirst()
        #expect(alerts.count > 10)
        for alert in alerts {
            let name = alert.prefix { !$0.isNewline }
            let description = try #require(alert.firstMatch(of: #/description: (?<text>.+)/#)?.text, "\(name)")
            let pages = description.matches(of: #/\/usr\/share\/doc\/impact-notifier\/(?<page>[a-z\/]+\.md)/#)
            #expect(description.contains("`") || !pages.isEmpty, "\(name)")
            for match in pages { #expect(Repository.exists(String(match.page)), "\(name): \(match.page)") }
        }
    }
}
