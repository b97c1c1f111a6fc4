internal import Glibc

/// Where `init` writes the configuration, and what is there already.
struct SetupPlace: Sendable {
    let path: String
    /// Whether it is the installed file that `--instance`, or no option, stands for.
    let isInPlace: Bool
    /// The operator's choice, or the one beside a configuration elsewhere; nil for the default.
    let stateDirectory: String?
    /// The bot's name, from the file's name; nil for the first or only bot.
    let instance: String?

    init(path: String, by loader: ConfigurationLoader, stateDirectory: String? = nil) {
        self.path = path
        isInPlace = loader.isInPlace(path)
        instance = ConfiguredFiles.instance(of: path)
        // Somebody who writes the file elsewhere may not be allowed to use /var/lib.
        let beside = isInPlace ? nil : "\(StateDirectory.resolve(ConfiguredFiles.folder(of: path)))/state"
        self.stateDirectory = stateDirectory ?? beside
    }

    /// The folder of the configuration.
    var folder: String { ConfiguredFiles.folder(of: path) }

    /// A secret's name in the configuration; bots that share a folder have different names.
    func secretName(_ name: String) -> String { instance.map { "\($0).\(name)" } ?? name }

    /// The folder of secrets.
    var secrets: String { "\(folder)/secrets" }

    /// The path of a secret.
    func secret(_ name: String) -> String { "\(secrets)/\(secretName(name))" }

    /// Whether a shipped file of rules lies beside the configuration.
    func hasRules(_ name: String) -> Bool { unsafe access("\(folder)/rules/\(name).yaml", R_OK) == 0 }

    /// Whether a file exists.
    static func exists(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0
    }

    /// Why nothing can be written there; nil when it can.
    var objection: SetupError? {
        if Self.exists(path), !NewFile.holds(ShippedFiles.configuration, path) {
            return SetupError(
                "\(path) exists, and init replaces nothing; name another file with --config, or see with --print what it "
                    + "would write",
                .cannotCreate
            )
        }
        guard unsafe access(folder, F_OK) == 0 else {
            return SetupError("there is no folder \(folder); make it, or name a file with --config", .cannotCreate)
        }
        guard unsafe access(folder, W_OK | X_OK) == 0 else {
            let reason = unsafe String(cString: strerror(errno))
            let remedy = geteuid() == 0 ? "" : "; type it as root (sudo impact-notifier init)"
            return SetupError(
                "\(folder) cannot be written to: \(reason)\(remedy), or name a file elsewhere with --config",
                .cannotCreate
            )
        }
        return nil
    }
}
