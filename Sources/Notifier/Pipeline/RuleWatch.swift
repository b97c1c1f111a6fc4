internal import ATProtocol
internal import LedgerStorage
internal import Logging
internal import Metrics
internal import Network

/// Notices when an application has changed the shape of its records.
///
/// Then most of what a rule matches is refused for its shape, or nothing matches any more.
struct RuleWatch: Sendable {
    let context: DeliveryContext
    let desk: OperatorDesk

    /// What is wrong with a rule.
    enum Alarm: String, CaseIterable {
        /// Most of what it matched in a week was refused for its shape.
        case shape
        /// It used to match, and has not matched for its `silence`.
        case silence
    }

    /// With fewer refusals there is no alarm.
    private static let enough = 3

    /// Checks each rule and sets its gauges; once a day (`warns`) logs what became of its records and what is wrong.
    func run(warns: Bool) async throws(LedgerError) {
        let now = context.now
        let tallies = try await desk.tallies(since: now - RuleTally.week)
        let rules = context.configuration.rules
        // The gauges of a rule that was removed are removed.
        for name in Set(tallies.keys).subtracting(rules.map(\.name)) {
            for alarm in Alarm.allCases { show(name, alarm, isRaised: false) }
        }
        for rule in rules {
            let tally = tallies[rule.name] ?? RuleTally()
            var example: Job?
            if let uri = tally.example { example = try await desk.jobs(about: uri).first }
            let alarms = alarms(rule, tally, example, now)
            for alarm in Alarm.allCases { show(rule.name, alarm, isRaised: alarms.contains(alarm)) }
            guard warns else { continue }
            context.logger.info("a rule's last seven days", metadata: metadata(rule, tally))
            if alarms.contains(.shape) { warnOfShape(rule, tally, example) }
            if alarms.contains(.silence), let last = tally.lastMatch {
                context.logger.warning(
                    "a rule matches nothing any more",
                    metadata: [
                        "rule": "\(rule.name)", "days": .stringConvertible(now.day - last),
                        "collections": "\(rule.collections.map(\.text).joined(separator: ","))",
                        "to_do":
                            "look whether the application writes to another collection now; the rule's key silence sets after how long this is said",
                    ]
                )
            }
        }
    }

    private func show(_ rule: String, _ alarm: Alarm, isRaised: Bool) {
        Gauge(label: "impact_notifier_rule_alarm", dimensions: [("rule", rule), ("cause", alarm.rawValue)])
            .record(isRaised ? 1 : 0)
    }

    private func alarms(_ rule: Rule, _ tally: RuleTally, _ example: Job?, _ now: UnixTime) -> Set<Alarm> {
        var alarms: Set<Alarm> = []
        let refused = tally.refused.filter(\.key.meansDrift).values.reduce(0, +)
        // A rule that was corrected since now finds a reference in the example.
        let isMended = example.map { $0.references.isEmpty && rule.finds($0.record) } ?? false
        if refused >= Self.enough, refused * 2 > tally.matched, !isMended { alarms.insert(.shape) }
        if let silence = rule.silence, let last = tally.lastMatch,
            now - UnixTime(seconds: Double(last + 1) * 86_400) > silence
        {
            alarms.insert(.silence)
        }
        return alarms
    }

    private func warnOfShape(_ rule: Rule, _ tally: RuleTally, _ example: Job?) {
        var metadata = metadata(rule, tally)
        let paths = rule.references.paths.map(\.text).joined(separator: ",")
        metadata["expected"] = "\(paths) (\(rule.references.formNames.joined(separator: ",")))"
        if let example {
            metadata["uri"] = "\(example.uri)"
            metadata["detail"] = example.detail.map { "\($0)" }
            metadata["shape"] = example.refusedShape.map { "\($0)" }
            metadata["to_do"] = "run impact-notifier rules try \(example.uri)"
        }
        context.logger.warning("a rule refuses most of what it matches", metadata: metadata)
    }

    private func metadata(_ rule: Rule, _ tally: RuleTally) -> Logger.Metadata {
        let reasons = tally.refused.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }
        return [
            "rule": "\(rule.name)", "matched": .stringConvertible(tally.matched),
            "told": .stringConvertible(tally.told),
            "refused": "\(reasons.map { "\($0.key.rawValue):\($0.value)" }.joined(separator: ","))",
        ]
    }
}

extension Rule {
    fileprivate func finds(_ record: JSONValue) -> Bool {
        if case .success = references(in: record) { matches(record) } else { false }
    }
}
