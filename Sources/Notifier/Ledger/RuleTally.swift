public import ATProtocol
internal import GRDB
internal import LedgerStorage
internal import Network

/// What became of the requests of one rule in some days.
public struct RuleTally: Sendable, Equatable {
    /// Requests that it matched.
    public var matched = 0
    /// Owners who were told.
    public var told = 0
    /// Requests and owners that were refused, by reason.
    public var refused: [Reason: Int] = [:]
    /// The last request that was refused for a reason that means drift, as an example.
    public var example: ATURI?
    /// The day of the last match that is remembered, in days since the Unix epoch.
    public var lastMatch: Int?

    /// The days that people look at.
    static let week = Duration.seconds(7 * 86_400)

    /// What is counted for one rule.
    struct Key: Hashable {
        let rule: String
        let outcome: String
    }

    static let matchedOutcome = "matched"
    static let toldOutcome = "told"
}

extension LedgerTransaction {
    /// Counts an outcome of a request, by day.
    func count(_ outcome: String, rule: String, _ uri: ATURI) {
        let key = RuleTally.Key(rule: rule, outcome: outcome)
        counted[key] = ((counted[key]?.number ?? 0) + 1, uri)
    }

    /// Writes what was counted: one row for each outcome.
    func writeTallies() throws {
        for (key, count) in counted {
            try database.run(
                """
                INSERT INTO rule_day (rule, day, outcome, number, uri)
                VALUES (\(key.rule), \(now.day), \(key.outcome), \(count.number), \(count.uri))
                ON CONFLICT DO UPDATE SET number = number + excluded.number, uri = excluded.uri
                """
            )
        }
        counted = [:]
    }

    /// Counts that nobody is told of a request, or that one recipient is not.
    func count(_ refusal: Reason?, rule: String, _ uri: ATURI) {
        if let refusal { count(refusal.rawValue, rule: rule, uri) }
    }

    /// Forgets the days before a day, except when each rule last matched: how long a rule has been silent is always
    /// known.
    func pruneTallies(before day: Int) throws {
        let matched = RuleTally.matchedOutcome
        try database.run(
            """
            DELETE FROM rule_day WHERE day < \(day) AND (outcome <> \(matched)
                OR day < (SELECT max(day) FROM rule_day later WHERE later.rule = rule_day.rule AND outcome = \(matched)))
            """
        )
    }
}

extension OperatorDesk {
    /// What became of each rule's requests since a time.
    func tallies(since time: UnixTime) async throws(LedgerError) -> [String: RuleTally] {
        try await database.read { database in
            var tallies: [String: RuleTally] = [:]
            for row in try database.rows("SELECT rule, day, outcome, number, uri FROM rule_day ORDER BY day") {
                let (rule, day, outcome): (String, Int, String) = (
                    try row.get("rule"), try row.get("day"), try row.get("outcome")
                )
                var tally = tallies[rule] ?? RuleTally()
                if outcome == RuleTally.matchedOutcome { tally.lastMatch = day }
                if day >= time.day {
                    let number: Int = try row.get("number")
                    switch outcome {
                    case RuleTally.matchedOutcome: tally.matched += number
                    case RuleTally.toldOutcome: tally.told += number
                    default:
                        guard let reason = Reason(rawValue: outcome) else { continue }
                        tally.refused[reason, default: 0] += number
                        if reason.meansDrift { tally.example = try ATURI(row.get("uri")) }
                    }
                }
                tallies[rule] = tally
            }
            return tallies
        }
    }
}

extension UnixTime {
    /// Days since the Unix epoch.
    var day: Int { Int(seconds / 86_400) }
}
