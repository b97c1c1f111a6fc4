internal import ATProtocol
internal import ArgumentParser
internal import Glibc

/// The command `check`, which says whether a configuration is usable and what it means.
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks a configuration and prints what was understood.",
        discussion: """
            Prints every problem with file, line, column and key, and ends with status 78; or prints the rules as they were \
            understood. Reads nothing but the configuration and the files it names; see 'doctor' for the network.
            """
    )

    @OptionGroup var configuration: ConfigurationOption

    @Flag(help: "Also print every value that is in force, and where it came from.")
    var effective = false

    @OptionGroup var output: OutputOption

    func run() async throws {
        let loaded = try configuration.load(for: .check) { issue in
            output.json ? StandardOutput.print(issue.json.encodedText) : StandardOutput.printError(issue.description)
        }
        // Root can read more than the daemon. So root checks as the daemon's user, if the state tells which that is.
        if configuration.isInPlace, geteuid() == 0 { _ = try loaded.configuration.enterState() }
        let entries = effective ? loaded.entries : []
        let width = entries.map(\.key.count).max() ?? 0
        let summary = ConfigurationSummary(loaded.configuration).lines
        output.show(
            ["summary": .array(summary.map { .string($0) }), "values": .array(entries.map(\.json))],
            entries.map { "\($0.key.padding(to: width))  \($0.value)  # \($0.origin)" } + summary
        )
    }
}

extension ConfigurationIssue {
    /// The problem as an object.
    fileprivate var json: JSONValue {
        [
            "source": .string(source), "line": place.map { .integer(Int64($0.line)) } ?? .null,
            "column": place.map { .integer(Int64($0.column)) } ?? .null, "key": .string(key),
            "message": .string(message),
        ]
    }
}

extension ConfigurationProvenance.Entry {
    /// The value as an object.
    fileprivate var json: JSONValue {
        ["key": .string(key), "value": .string(value), "origin": .string(origin)]
    }
}
