internal import Synchronization

/// The bot for which this process works, on a machine with several; the first one has no name.
///
/// Messages say what to run. Without the name, the command would run for the first bot.
enum Instance {
    private static let current = Mutex<String?>(nil)

    /// The name for `--instance`; nil for the first or only bot.
    static var name: String? {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }

    /// The systemd unit of a bot.
    static func unit(of name: String? = Instance.name) -> String {
        name.map { "impact-notifier@\($0)" } ?? "impact-notifier"
    }

    /// The names of the program's commands; a test compares them with the commands.
    static let commands: Set = [
        "init", "check", "login", "logout", "session", "client", "doctor", "run", "status", "reload", "replay", "sweep",
        "jobs", "explain", "quarantine", "suppress", "recipients", "template", "rules", "healthcheck",
    ]

    /// A text in which every command of this program names its bot.
    static func addressed(_ text: String, to name: String? = Instance.name) -> String {
        let program = "impact-notifier "
        guard let name, text.contains(program) else { return text }
        let parts = text.split(separator: program, omittingEmptySubsequences: false)
        return parts.dropFirst().reduce(into: String(parts[0])) { result, part in
            let word = part.prefix { $0.isLowercase }
            result += program + (commands.contains(String(word)) ? "--instance \(name) " : "") + part
        }
    }
}
