internal import ATProtocol
internal import ArgumentParser
internal import Notifier

/// The command `template`: what messages look like.
struct TemplateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "template",
        abstract: "Shows what a rule's message looks like.",
        subcommands: [Preview.self],
        defaultSubcommand: Preview.self
    )

    /// The command `template preview`.
    struct Preview: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints the message of a rule for a record, sending nothing.",
            discussion: "Without --record every field that the template names shows its own name."
        )

        @OptionGroup var configuration: ConfigurationOption
        @Option(help: "The rule; the first when left out.") var rule: String?
        @Option(help: "A file with the record as JSON, or with the answer of getRecord.") var record: String?
        @Option(help: "How many requests the message tells of.") var count = 1
        @Flag(help: "As the first message to its recipient, with the line of message.about.") var first = false
        @OptionGroup var output: OutputOption

        func validate() throws {
            if count < 1 { throw ValidationError("--count is a number from 1 on") }
        }

        func run() async throws {
            let loaded = try configuration.load().configuration
            guard let preview = TemplatePreview(rule: rule, of: loaded.delivery) else {
                let rules = loaded.delivery.rules.map(\.name)
                throw ValidationError(Suggestion.objection(to: rule ?? "", as: "rule", among: rules))
            }
            do {
                let written = try record.map { try RecordFile(path: $0).record }
                let message = try preview.message(for: written, count: count, isFirst: first)
                output.show(message.input, [message.text])
                guard !output.json else { return }
                StandardOutput.printError(
                    "\(message.text.count) of \(ComposedMessage.maximumGraphemes) graphemes, "
                        + "\(message.text.utf8.count) of \(ComposedMessage.maximumBytes) bytes, \(message.links.count) links"
                )
            } catch let refusal as Refusal {
                throw ExitStatus.failure.saying("\(refusal.reason.sentence) (\(refusal.detail))")
            }
        }
    }
}
