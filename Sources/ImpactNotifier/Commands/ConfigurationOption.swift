internal import ArgumentParser
internal import FoundationEssentials

/// `--config`, shared by every command that needs a configuration.
struct ConfigurationOption: ParsableArguments {
    @Option(name: .customLong("config"), help: ArgumentHelp("The configuration file.", valueName: "file"))
    var path: String?

    /// Reads the configuration, or ends the program with every problem on standard error.
    func load() throws -> ConfigurationLoader.Loaded {
        do {
            return try ConfigurationLoader(environment: ProcessInfo.processInfo.environment).load(path: path)
        } catch {
            StandardOutput.printError(error.description)
            throw ExitCode(ExitStatus.configuration.rawValue)
        }
    }
}
