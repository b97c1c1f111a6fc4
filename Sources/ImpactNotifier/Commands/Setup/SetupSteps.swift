internal import ATProtocol
internal import Glibc

/// The commands from a written configuration to the first message.
struct SetupSteps {
    let place: SetupPlace
    let choices: SetupChoices
    let start: SetupAnswer.Start

    /// Whether a login can follow at once, because no files must be hosted first.
    var canBegin: Bool { if case .confidential = choices.session { false } else { true } }

    /// The arguments of `login`, and of `doctor`, with a test message if one is wanted.
    var beginning: [[String]] {
        let doctor = ["doctor", "--config", place.path]
        guard case .now(let recipient?) = start else { return [["login", "--config", place.path], doctor] }
        return [["login", "--config", place.path], doctor + ["--send-to", recipient]]
    }

    /// Everything that comes next; a line that begins with two blanks is a command to type.
    var lines: [String] {
        var lines: [String] = []
        if case .confidential(let folder) = choices.session {
            lines += [
                "Host these two files in \(folder), and see whether they are right:",
                command("client metadata", " > oauth-client-metadata.json"),
                command("client metadata --callback-page", " > callback.html"), command("client verify"),
            ]
        }
        let test = if case .now(let recipient?) = start { " --send-to \(recipient)" } else { "" }
        lines += ["Log in, and let the doctor look (with --send-to HANDLE it sends a test message):"]
        return lines + [command("login"), command("doctor\(test)")] + lastLines
    }

    /// The same for programs: the written file, and the commands as a shell takes them.
    var json: JSONValue {
        let commands = lines.filter { $0.hasPrefix("  ") }.map { JSONValue.string(String($0.dropFirst(2))) }
        return ["configuration": .string(place.path), "next": .array(commands)]
    }

    /// What is left to do once there is a session.
    var lastLines: [String] {
        var lines: [String] = []
        if case .own(let rule) = choices.rules {
            lines += ["See what the rule makes of the record:", command("rules try \(rule.record)")]
        }
        lines += [choices.isShadow ? "Start it; nothing is sent while sending.enabled is false:" : "Start it:", run]
        return lines
    }

    private var run: String {
        guard place.isInPlace, unsafe access("/run/systemd/system", F_OK) == 0 else { return command("run") }
        let unit = Self.quoted(Instance.unit(of: place.instance))
        return "  \(geteuid() == 0 ? "" : "sudo ")systemctl enable --now \(unit)"
    }

    /// A command to type, with the program's name as this command was typed, for the written configuration.
    private func command(_ words: String, _ rest: String = "") -> String {
        let typed = CommandLine.arguments.first ?? ""
        let program = typed.contains("/") ? Self.quoted(typed) : "impact-notifier"
        let configuration = place.isInPlace ? "" : " --config \(Self.quoted(place.path))"
        return "  \(program) \(words)\(configuration)\(rest)"
    }

    /// A word quoted for a shell.
    private static func quoted(_ word: String) -> String {
        guard word.wholeMatch(of: /[A-Za-z0-9._\/@%+-]+/) == nil else { return word }
        return "'\(word.replacing("'", with: "'\\''"))'"
    }
}
