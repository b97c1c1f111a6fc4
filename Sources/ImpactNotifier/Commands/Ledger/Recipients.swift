internal import ATProtocol
internal import ArgumentParser
internal import LedgerStorage
internal import Network
internal import Notifier

/// The command `recipients`: a recipient's preferences, and forgetting a recipient.
struct Recipients: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows and changes what a recipient wants, and forgets a person.",
        discussion: """
            What they ask for by an answer (MUTE, DIGEST DAILY …) stands here, too. Works while the daemon runs, which takes \
            note within five seconds.
            """,
        subcommands: [Show.self, Change.self, Forget.self]
    )

    /// The command `recipients show`.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows what a recipient wants, and their projects.")

        @OptionGroup var configuration: ConfigurationOption
        @OptionGroup var account: AccountArgument
        @OptionGroup var output: OutputOption

        func run() async throws {
            let configuration = try configuration.load().configuration
            let did = try await account.did(by: configuration)
            let view = try await configuration.withLedger { ledger throws(LedgerError) in
                try await RecipientView(did, in: ledger)
            }
            output.show(view.json, view.lines)
        }
    }

    /// The command `recipients set`.
    struct Change: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set",
            abstract: "Changes what a recipient wants; what is not given stays as it is.",
            discussion: """
                The word 'default' takes a setting back. Nobody gets more messages than the policy allows. A project is \
                named as messages name it, by its AT-URI, or by the key of its record; jobs that wait about it are dropped.
                """
        )

        @OptionGroup var configuration: ConfigurationOption
        @OptionGroup var account: AccountArgument
        @Option(
            help:
                "How often they get a message: \(DigestPace.allCases.map(\.rawValue).joined(separator: ", ")), or default.",
            transform: Wish<DigestPace>.pace
        )
        var digest: Wish<DigestPace>?
        @Option(help: "The most messages in an hour, or default.", transform: Wish<Int>.number)
        var hourlyLimit: Wish<Int>?
        @Option(help: "The most messages in a day, or default.", transform: Wish<Int>.number)
        var dailyLimit: Wish<Int>?
        @Option(help: "Whether to mention them in public: yes, no, or default.", transform: Wish<Bool>.decision)
        var mention: Wish<Bool>?
        @Option(help: ArgumentHelp("Do not tell them of this project.", valueName: "project")) var mute: String?
        @Option(help: "For how many days; for good when left out.") var days: Int?
        @Option(help: ArgumentHelp("Tell them of it again, or of 'all'.", valueName: "project")) var unmute: String?
        @OptionGroup var output: OutputOption

        func validate() throws {
            let isEmpty = digest == nil && hourlyLimit == nil && dailyLimit == nil && mention == nil
            if isEmpty, mute == nil, unmute == nil { throw ValidationError("there is nothing to change") }
            if days != nil, mute == nil { throw ValidationError("--days says for how long --mute is") }
            if let days, !(1...3650).contains(days) { throw ValidationError("--days is from 1 to 3650") }
        }

        func run() async throws {
            let configuration = try configuration.load().configuration
            let did = try await account.did(by: configuration)
            var unknown: String?
            let view: RecipientView = try await configuration.withLedger { ledger throws(LedgerError) in
                let (now, recipients) = (SystemClock().now(), ledger.recipients)
                unknown = try await recipients.change(
                    did,
                    mute: mute,
                    until: days.map { now + Duration.seconds(86_400 * $0) },
                    unmute: unmute,
                    now: now
                ) { [digest, hourlyLimit, dailyLimit, mention] preferences in
                    if let digest { preferences.digest = digest.value }
                    if let hourlyLimit { preferences.hourlyLimit = hourlyLimit.value }
                    if let dailyLimit { preferences.dailyLimit = dailyLimit.value }
                    if let mention { preferences.mention = mention.value }
                }
                return try await RecipientView(did, in: ledger)
            }
            output.show(view.json, view.lines)
            guard let unknown else { return }
            throw ExitStatus.failure.saying(
                "No project '\(unknown)' of theirs is known, and nothing was changed; 'recipients show' lists those that are."
            )
        }
    }
}

extension Recipients {
    /// The command `recipients forget`.
    struct Forget: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Deletes what is stored about a person.",
            discussion: """
                What they were told of, wanted and wrote, the requests that they wrote, and their words in what was told to \
                others; what waits for them is not sent. That they want no messages is kept as a hash. Who is to get \
                nothing later either is suppressed first: 'suppress add'.
                """
        )

        @OptionGroup var configuration: ConfigurationOption
        @OptionGroup var account: AccountArgument
        @OptionGroup var output: OutputOption

        func run() async throws {
            let configuration = try configuration.load().configuration
            let did = try await account.did(by: configuration)
            let forgotten = try await configuration.withLedger { ledger throws(LedgerError) in
                try await ledger.recipients.forget(did, now: SystemClock().now())
            }
            let kept = forgotten.isSuppressed ? " That they get no messages is kept, as a hash." : ""
            output.show(
                [
                    "did": .string(did.text), "requests": .integer(Int64(forgotten.requests)),
                    "messages": .integer(Int64(forgotten.messages)),
                    "in_doubt": .integer(Int64(forgotten.inDoubt)), "suppressed": .bool(forgotten.isSuppressed),
                ],
                ["\(did) is forgotten: \(forgotten.requests) requests, \(forgotten.messages) messages.\(kept)"]
            )
            guard forgotten.inDoubt > 0 else { return }
            throw ExitStatus.failure.saying(
                "\(forgotten.inDoubt) of their requests stay, for nobody knows yet whether somebody was told: settle them ('jobs list "
                    + "--state verify', '--state uncertain'), then do this again."
            )
        }
    }
}

/// How a preference changes: to another value, or to none.
enum Wish<Value: Sendable>: Sendable {
    case usual
    case other(Value)

    var value: Value? {
        switch self {
        case .usual: nil
        case .other(let value): value
        }
    }
}

extension Wish where Value == DigestPace {
    @Sendable fileprivate static func pace(_ text: String) throws -> Self {
        if text == "default" { return .usual }
        if let pace = DigestPace(rawValue: text) { return .other(pace) }
        let known = DigestPace.allCases.map(\.rawValue) + ["default"]
        throw ValidationError(Suggestion.objection(to: text, as: "digest", among: known))
    }
}

extension Wish where Value == Int {
    @Sendable fileprivate static func number(_ text: String) throws -> Self {
        if text == "default" { return .usual }
        guard let number = Int(text), number > 0 else {
            throw ValidationError(
                "'\(text)' is no limit; to send no messages at all, run 'impact-notifier suppress add'"
            )
        }
        return .other(number)
    }
}

extension Wish where Value == Bool {
    @Sendable fileprivate static func decision(_ text: String) throws -> Self {
        switch text {
        case "default": return .usual
        case "yes": return .other(true)
        case "no": return .other(false)
        default: throw ValidationError("'\(text)' is neither yes nor no")
        }
    }
}

/// A recipient's preferences, as they are shown.
private struct RecipientView {
    private let did: DID
    private let preferences: Preferences
    private let projects: [KnownProject]
    private let isSuppressed: Bool
    private let now = SystemClock().now()

    init(_ did: DID, in ledger: Notifier.Ledger) async throws(LedgerError) {
        self.did = did
        preferences = try await ledger.recipients.preferences(of: did)
        projects = try await ledger.recipients.projects(of: did)
        isSuppressed = try await ledger.suppressions.contains(did)
    }

    var lines: [String] {
        let mention = preferences.mention.map { $0 ? "yes" : "no" }
        let lines = [
            "recipient:    \(did)", "messages:     \(isSuppressed ? "none, see 'suppress list'" : "yes")",
            "digest:       \(preferences.digest?.rawValue ?? "by digest.window")",
            "hourly limit: \(preferences.hourlyLimit.map(String.init) ?? "by policy.owner_hourly_limit")",
            "daily limit:  \(preferences.dailyLimit.map(String.init) ?? "by policy.owner_daily_limit")",
            "mention:      \(mention ?? "by mentions.owners")",
        ]
        return lines
            + projects.map { project -> String in
                let muting = ", muted \(muteEnd(of: project).map { "until \($0)" } ?? "for good")"
                return "project:      '\(project.title)' \(project.reference)\(project.isMuted(at: now) ? muting : "")"
            }
    }

    /// When a muted project is told of again; nil for never.
    private func muteEnd(of project: KnownProject) -> String? {
        guard let end = project.mutedUntil, project.isMuted(at: now), end != .distantFuture else { return nil }
        return Timestamp.rfc3339(end)
    }

    var json: JSONValue {
        [
            "did": .string(did.text), "suppressed": .bool(isSuppressed),
            "digest": preferences.digest.map { JSONValue.string($0.rawValue) } ?? .null,
            "hourly_limit": preferences.hourlyLimit.map { JSONValue.integer(Int64($0)) } ?? .null,
            "daily_limit": preferences.dailyLimit.map { JSONValue.integer(Int64($0)) } ?? .null,
            "mention": preferences.mention.map { JSONValue.bool($0) } ?? .null,
            "projects": .array(
                projects.map { project -> JSONValue in
                    [
                        "uri": .string(project.reference), "title": .string(project.title),
                        "muted": .bool(project.isMuted(at: now)),
                        "muted_until": muteEnd(of: project).map { JSONValue.string($0) } ?? .null,
                    ]
                }
            ),
        ]
    }
}
