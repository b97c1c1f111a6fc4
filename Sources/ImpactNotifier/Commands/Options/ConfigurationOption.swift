internal import ArgumentParser
internal import FoundationEssentials

/// `--config` and `--instance`, shared by every command that needs a configuration.
struct ConfigurationOption: ParsableArguments {
    @Option(name: .customLong("config"), help: ArgumentHelp("The configuration file.", valueName: "file"))
    var path: String?

    @Option(
        help: ArgumentHelp(
            "One of several bots: the configuration is NAME.yaml beside the first one's.",
            valueName: "name"
        )
    )
    var instance: String?

    func validate() throws {
        guard let instance else { return }
        guard path == nil else { throw ValidationError("Give --config or --instance, not both.") }
        guard instance != ConfigurationLoader.firstInstance else {
            throw ValidationError("The first bot has no instance name: leave --instance out.")
        }
        let isName = instance.utf8.allSatisfy { octet in
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard isName, !instance.isEmpty, !instance.hasPrefix("."), !instance.hasPrefix("-"),
            !instance.hasSuffix(".yaml")
        else {
            throw ValidationError(
                "An instance's name has letters, digits, -, _ and dots: two, for /etc/impact-notifier/two.yaml."
            )
        }
    }

    private var loader: ConfigurationLoader { ConfigurationLoader(environment: ProcessInfo.processInfo.environment) }

    /// The path of the configuration file, wherever it was given.
    var file: String { path ?? instance.map(loader.path(of:)) ?? loader.defaultPath }

    /// Whether it is the installed file that `--instance`, or no option, stands for, and not a draft elsewhere.
    var isInPlace: Bool { loader.isInPlace(file) }

    /// Reads the configuration, or ends the program with every problem.
    ///
    /// - Parameters:
    ///   - purpose: what it is read for.
    ///   - tell: takes each problem; by default prints it on standard error.
    /// - Returns: the configuration.
    /// - Throws: `ExitCode`.
    func load(
        for purpose: ConfigurationLoader.Purpose = .command,
        _ tell: (ConfigurationIssue) -> Void = { StandardOutput.printError($0.description) }
    ) throws -> ConfigurationLoader.Loaded {
        var loader = loader
        loader.purpose = purpose
        Instance.name = loader.instance(of: file)
        do {
            return try loader.load(path: file)
        } catch {
            for issue in error.issues { tell(issue) }
            throw ExitStatus.configuration.code
        }
    }
}
