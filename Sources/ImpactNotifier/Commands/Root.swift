internal import ArgumentParser
internal import Glibc
internal import Network

/// Where the process begins.
@main
enum Program {
    static func main() {
        // Before the first secret is read, whichever command it is.
        ProcessHardening.apply()
        OpenSSLLifetime.extendToTheEnd()
        // Not an async main: its task has a high priority, which all others inherit, and for which libdispatch asks the
        // kernel for a better one than a plain user may have. It logs each refusal, every few seconds.
        Task(priority: .medium) {
            await Root.main(nil)
            exit(ExitStatus.success.rawValue)
        }
        // Nor dispatchMain, which asks once. Signals end no more than the wait: DispatchSource takes them.
        while true { pause() }
    }
}

/// The program's commands: one for each thing that an operator does.
struct Root: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "impact-notifier",
        abstract: "Tells the owners of projects, by Bluesky DM, that somebody wrote a change request for them.",
        discussion: """
            Start with “check”, then “login”, then “doctor”, then “run”. The configuration is a YAML file: --config FILE, \
            else $IMPACT_NOTIFIER_CONFIG, else $CONFIGURATION_DIRECTORY/impact-notifier.yaml, else \
            /etc/impact-notifier/impact-notifier.yaml.
            """,
        version: BuildInformation.version,
        subcommands: [
            Check.self, Login.self, Logout.self, SessionCommand.self, ClientCommand.self, Examine.self, Run.self,
            Reload.self, Replay.self, Sweep.self, Jobs.self, Explain.self, Suppress.self, TemplateCommand.self,
            HealthCheck.self,
        ]
    )

    // Here and in each command, so that it may stand before or behind a command's name.
    @OptionGroup var configuration: ConfigurationOption
}
