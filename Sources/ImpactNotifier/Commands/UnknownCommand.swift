internal import ArgumentParser

/// An unknown word in the place of a command.
enum UnknownCommand {
    /// The sentence about the word, with what was probably meant; nil when every command is known.
    ///
    /// - Parameter arguments: the command line without the program's name.
    /// - Returns: one sentence.
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
            // After any other option the word may be the option's value.
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
