internal import ATProtocol
internal import Network
internal import Notifier
internal import OAuth

/// One local output as written in a configuration.
struct OutputSection {
    let section: ConfigurationSection
    let files: ConfiguredFiles
    let allowsLoopback: Bool

    /// The output; nil when it cannot be used, and the problem is recorded.
    func output() -> OutputConfiguration? {
        let name = section.required("name", expected: "a name that can be seen") {
            PlainText.sanitize($0).isEmpty ? nil : $0
        }
        let channels = [file(), command(), webhook()].compactMap(\.self)
        let occasions = section.list(
            "occasions",
            default: OutputConfiguration.Occasion.allCases,
            expected: "one of \(OutputConfiguration.Occasion.allCases.map(\.rawValue).joined(separator: ", "))"
        ) { OutputConfiguration.Occasion(rawValue: $0) }
        if occasions.isEmpty {
            section.flag("occasions", "without any it is told of nothing; leave the key out for all")
        }
        guard ["file", "command", "webhook"].count(where: { section.has($0) }) == 1 else {
            section.flag("name", "an output has exactly one of file, command and webhook")
            return nil
        }
        guard let name, let channel = channels.first else { return nil }
        return OutputConfiguration(name: name, channel: channel, occasions: Set(occasions))
    }

    private func file() -> OutputConfiguration.Channel? {
        guard let path = section.path("file", in: files, as: .writing) else { return nil }
        if let state = files.state, StateDirectory.keeps(path, in: state) {
            section.flag("file", "the daemon keeps its own state in \(path); name another file")
        }
        return .file(path: path)
    }

    private func command() -> OutputConfiguration.Channel? {
        let before = section.problemCount
        var words = section.list("command", default: [], expected: "a program or an argument, without NUL") {
            $0.utf8.contains(0) ? nil : $0
        }
        guard section.has("command"), section.problemCount == before else { return nil }
        guard let program = words.first, !program.isEmpty else {
            section.flag("command", "names no program")
            return nil
        }
        if program.contains("/") { words[0] = files.path(program) }
        if files.purpose != .command, let problem = files.programProblem(words[0]) {
            section.flag("command[0]", problem, isWarning: !files.purpose.expectsAll)
        }
        return .command(words)
    }

    private func webhook() -> OutputConfiguration.Channel? {
        func reading(_ text: String) -> ServiceAddress { ServiceAddress(text, allowsLoopback: allowsLoopback) }
        let url = section.optional("webhook", expected: "an https:// URL", objection: { reading($0).objection }) {
            reading($0).url
        }
        let before = section.problemCount
        let path = section.path("secret_file", in: files, as: .secret)
        guard section.has("webhook") else {
            if path != nil { section.flag("secret_file", "has a meaning only beside a webhook") }
            return nil
        }
        guard let path else {
            if section.problemCount == before {
                section.flag("secret_file", "a webhook is signed: name the file of its secret")
            }
            return nil
        }
        return url.map { .webhook($0, secret: secret(path, before)) }
    }

    /// The secret, if this process will sign with it.
    private func secret(_ path: String, _ before: Int) -> [UInt8] {
        guard files.purpose.delivers, section.problemCount == before, !files.isPassedBy(path) else { return [] }
        do throws(OAuthError) { return try SecretFile().secret(path) } catch {
            section.flag("secret_file", error.sentence)
            return []
        }
    }
}
