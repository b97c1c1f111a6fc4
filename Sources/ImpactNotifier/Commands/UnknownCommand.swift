internal import ArgumentParser

/// A word on the command line that stands where a command should, and is none.
enum UnknownCommand {
    /// The sentence about the word, with what was meant; nil when every command of the line, which lacks the program's
    /// name, is known.
    static func sentence(about arguments: [String]) -> String? {
        var command: any ParsableCommand.Type = Root.self
        var path = Root._commandName
        var rest = arguments[...]
        while let word = rest.popFirst() {
            if ["--config", "--instance"].contains(word) {
                _ = rest.popFirst()
                continue
            }
            if word.hasPrefix("--config=") || word.hasPrefix("--instance=") { continue }
            let known = command.configuration.subcommands
            // Behind any other option the word may be its value.
            guard !word.hasPrefix("-"), word != "help", !known.isEmpty else { return nil }
            guard let next = known.first(where: { $0._commandName == word }) else {
                let clause = Suggestion.objection(to: word, as: "command", among: known.map { $0._commandName })
                return "\(path): \(clause)\n'\(path) --help' explains them."
            }
            command = next
            path += " " + word
        }
        return nil
    }
}
