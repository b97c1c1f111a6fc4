internal import ArgumentParser
internal import Glibc

/// The command `check`, which tells whether a configuration is usable and what it means.
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks a configuration and prints what was understood.",
        discussion: """
            Prints every problem with file, line, column and key, and ends with status 78; or prints the rules as they were \
            understood. Reads nothing but the configuration and the files it names; see “doctor” for the network.
            """
    )

    @OptionGroup var configuration: ConfigurationOption

    @Flag(help: "Also print every value that is in force, and where it came from.")
    var effective = false

    func run() async throws {
        let loaded = try configuration.load(for: .check)
        // What root can read the daemon may not: root looks as the daemon, where there is a state to know it by.
        if configuration.isInPlace, geteuid() == 0 { _ = try loaded.configuration.enterState() }
        if effective {
            let width = loaded.entries.map(\.key.count).max() ?? 0
            for entry in loaded.entries {
                let key = entry.key.padding(to: width)
                StandardOutput.print("\(key)  \(entry.value)  # \(entry.origin)")
            }
        }
        for line in ConfigurationSummary(loaded.configuration).lines { StandardOutput.print(line) }
    }
}

extension String {
    /// The text with spaces behind it, as wide as a column.
    func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
