internal import Glibc

/// Finds the files that a configuration names, in the same places for the daemon and for every command.
struct ConfiguredFiles {
    /// The path of the configuration file.
    let configuration: String
    let environment: [String: String]
    /// What the configuration is read for.
    var purpose = ConfigurationLoader.Purpose.command
    /// The state directory, which the daemon makes if missing; without symbolic links.
    var state: String?

    /// The instance of a configuration, from the file's name; nil for a machine's first or only bot.
    static func instance(of configuration: String) -> String? {
        let file = configuration.split(separator: "/").last ?? ""
        let name = file.hasSuffix(".yaml") ? file.dropLast(5) : file
        return name.isEmpty || name == ConfigurationLoader.firstInstance ? nil : String(name)
    }

    /// The state directory when the configuration names none: systemd's `STATE_DIRECTORY`, else the instance's own.
    var stateDirectory: String {
        environment["STATE_DIRECTORY"].map { String($0.prefix { $0 != ":" }) }
            ?? StateDirectory.standard(of: Self.instance(of: configuration))
    }

    /// The folder of a file.
    static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    }

    /// A path; a relative one starts at the folder of the configuration file.
    func path(_ text: String) -> String {
        text.hasPrefix("/") ? text : "\(Self.folder(of: configuration))/\(text)"
    }

    /// The path of a secret's file.
    ///
    /// A name without a slash is a systemd credential (systemd.exec(5), LoadCredential), or else a file in `secrets`
    /// beside the configuration.
    func secret(_ text: String) -> String {
        guard !text.contains("/") else { return path(text) }
        if let credential = environment["CREDENTIALS_DIRECTORY"].map({ "\($0)/\(text)" }),
            unsafe access(credential, F_OK) == 0
        {
            return credential
        }
        return path("secrets/\(text)")
    }
}
