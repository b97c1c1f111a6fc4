internal import ArgumentParser

/// The command `rules`: tries rules before anybody is told.
struct RulesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules",
        abstract: "Shows and tests what rules make of records; sends nothing.",
        subcommands: [TryRules.self, TestRules.self]
    )
}
