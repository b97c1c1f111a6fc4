internal import ATProtocol
internal import ArgumentParser
internal import Network
internal import Notifier

/// The options that select the jobs for a command.
struct JobFilterOption: ParsableArguments {
    @Option(
        help: "Only jobs in this state: \(JobState.allCases.map(\.rawValue).joined(separator: ", ")).",
        transform: JobState.named
    )
    var state: JobState?
    @Option(help: "Only jobs whose state has this reason.", transform: Reason.named)
    var reason: Reason?
    @Option(
        help: ArgumentHelp(
            "Only jobs for this recipient: an owner, collaborator or subscriber.",
            valueName: "did-or-handle"
        ),
        transform: { try AccountArgument.parse($0) }
    )
    var owner: ATURI.Authority?
    @Option(
        help: ArgumentHelp("Only requests that this author wrote.", valueName: "did-or-handle"),
        transform: { try AccountArgument.parse($0) }
    )
    var author: ATURI.Authority?
    @Option(help: "Only requests that this rule matched; the rule may be gone.") var rule: String?
    @Option(
        help: ArgumentHelp("Only requests first seen longer ago than this: 36h, 7d.", valueName: "duration"),
        transform: Duration.written
    )
    var olderThan: Duration?
    @Option(
        help: ArgumentHelp("Only requests first seen within this time: 36h, 7d.", valueName: "duration"),
        transform: Duration.written
    )
    var newerThan: Duration?

    /// Whether no option was given.
    var isEmpty: Bool {
        state == nil && reason == nil && owner == nil && author == nil && rule == nil && olderThan == nil
            && newerThan == nil
    }

    /// The filter that the options describe.
    ///
    /// Handles are resolved. A rule that the configuration does not have causes a remark.
    func filter(by configuration: Configuration, now: UnixTime) async throws -> JobFilter {
        var filter = JobFilter()
        (filter.state, filter.reason, filter.rule) = (state, reason, rule)
        filter.owner = try await owner?.did(by: configuration)
        filter.author = try await author?.did(by: configuration)
        filter.before = olderThan.map { now - $0 }
        filter.since = newerThan.map { now - $0 }
        let rules = configuration.delivery.rules.map(\.name)
        if let rule, !rules.contains(rule) {
            StandardOutput.printError(
                "In the configuration \(Suggestion.objection(to: rule, as: "rule", among: rules))"
            )
        }
        return filter
    }
}

extension JobState {
    /// The state with this name on the command line.
    @Sendable fileprivate static func named(_ name: String) throws -> JobState {
        if let state = JobState(rawValue: name) { return state }
        throw ValidationError(Suggestion.objection(to: name, as: "state", among: allCases.map(\.rawValue)))
    }
}

extension Reason {
    /// The reason with this code on the command line.
    @Sendable fileprivate static func named(_ code: String) throws -> Reason {
        if let reason = Reason(rawValue: code) { return reason }
        throw ValidationError(
            Suggestion.objection(
                to: code,
                as: "reason",
                among: allCases.map(\.rawValue),
                listedBy: "'impact-notifier jobs list' shows the reasons of your jobs"
            )
        )
    }
}

extension Duration {
    /// A duration on the command line.
    @Sendable fileprivate static func written(_ text: String) throws -> Duration {
        if let duration = DurationText.parse(text) { return duration }
        throw ValidationError("write a whole number with ms, s, m, h or d, such as 36h or 7d")
    }
}
