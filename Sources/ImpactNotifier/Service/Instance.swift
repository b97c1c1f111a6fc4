internal import Synchronization

/// The bot that this process works for, where a machine has several; the first one has no name.
///
/// Messages tell their reader what to run. Typed without the name, the command would be run for the first bot.
enum Instance {
    private static let current = Mutex<String?>(nil)

    /// The name that `--instance` takes; nil for the first, or only, bot.
    static var name: String? {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }

    /// The systemd unit of a bot.
    static func unit(of name: String? = Instance.name) -> String {
        name.map { "impact-notifier@\($0)" } ?? "impact-notifier"
    }

    /// The program's commands, as they stand behind its name; a test compares them with those that there are.
    static let commands: Set = [
        "init", "check", "login", "logout", "session", "client", "doctor", "run", "status", "reload", "replay", "sweep",
        "jobs", "explain", "quarantine", "suppress", "recipients", "template", "rules", "healthcheck",
    ]

    /// A text in which every command of this program names the bot that it is for.
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
