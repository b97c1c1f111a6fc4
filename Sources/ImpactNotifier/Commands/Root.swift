internal import ArgumentParser
internal import Network

/// The program: a sub-command for each thing that an operator does.
@main
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
            Reload.self, Replay.self, Sweep.self, Jobs.self, Explain.self, Quarantine.self, Suppress.self,
            Recipients.self,
            TemplateCommand.self,
            RulesCommand.self,
            HealthCheck.self,
        ]
    )

    // Here and in each command, so that it may stand before or behind a command's name.
    @OptionGroup var configuration: ConfigurationOption

    static func main() async {
        // Before the first secret is read, whichever command it is.
        ProcessHardening.apply()
        ServiceUser.nameProcess()
        OpenSSLLifetime.extendToTheEnd()
        await main(nil)
    }
}
