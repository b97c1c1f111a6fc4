internal import Glibc

/// Where the configuration that `init` writes is going to be, and what is there already.
struct SetupPlace: Sendable {
    /// The path of the file.
    let path: String
    /// Whether it is the one that `--instance`, or nothing, means.
    let isInPlace: Bool
    /// What the operator chose, or what suits a configuration elsewhere; nil for the usual one.
    let stateDirectory: String?
    /// The name of the bot, by the name of the file; nil for the first, or only, one.
    let instance: String?

    init(path: String, by loader: ConfigurationLoader, stateDirectory: String? = nil) {
        self.path = path
        isInPlace = loader.isInPlace(path)
        instance = ConfiguredFiles.instance(of: path)
        // Who writes it elsewhere may not have the right to /var/lib.
        let beside = isInPlace ? nil : "\(StateDirectory.resolve(Self.folder(of: path)))/state"
        self.stateDirectory = stateDirectory ?? beside
    }

    /// The folder of the configuration.
    var folder: String { Self.folder(of: path) }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// How a secret is called in the configuration: bots that share a folder have names of their own.
    func secretName(_ name: String) -> String { instance.map { "\($0).\(name)" } ?? name }

    /// The folder of secrets.
    var secrets: String { "\(folder)/secrets" }

    /// Where a secret is.
    func secret(_ name: String) -> String { "\(secrets)/\(secretName(name))" }

    /// Whether a file of rules that comes with the program lies beside it.
    func hasRules(_ name: String) -> Bool { unsafe access("\(folder)/rules/\(name).yaml", R_OK) == 0 }

    /// Whether a file is there.
    static func exists(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0
    }

    /// Why nothing can be written there; nil when nothing speaks against it.
    var objection: SetupObjection? {
        if Self.exists(path), !NewFile.holds(ShippedFiles.configuration, path) {
            return SetupObjection(
                "\(path) exists, and init replaces nothing; name another file with --config, or see with --print what it "
                    + "would write",
                .cannotCreate
            )
        }
        guard unsafe access(folder, F_OK) == 0 else {
            return SetupObjection("there is no folder \(folder); make it, or name a file with --config", .cannotCreate)
        }
        guard unsafe access(folder, W_OK | X_OK) == 0 else {
            let reason = unsafe String(cString: strerror(errno))
            let remedy = geteuid() == 0 ? "" : "; type it as root (sudo impact-notifier init)"
            return SetupObjection(
                "\(folder) cannot be written to: \(reason)\(remedy), or name a file elsewhere with --config",
                .cannotCreate
            )
        }
        return nil
    }
}
