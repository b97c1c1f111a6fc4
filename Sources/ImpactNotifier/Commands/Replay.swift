internal import ATProtocol
internal import ArgumentParser
internal import Firehose
internal import Notifier

/// The command `replay`, which tells what would have been sent.
struct Replay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs matching and composing over a recording, and prints the messages that would be sent.",
        discussion: """
            Sends nothing, asks nobody, stores nothing. The recording holds one Jetstream event a line (v1 or v2), or is a \
            dump of a stream. Owners whom a reference does not name itself, and names of projects, are not looked up, and age \
            does not count. Lines that cannot be read are counted and named on standard error.
            """
    )

    @OptionGroup var configuration: ConfigurationOption

    @Flag(help: "One JSON object a line.")
    var json = false

    @Flag(help: "Print only the totals.")
    var quiet = false

    @Argument(help: "The recording.")
    var file: String

    func run() async throws {
        let loaded = try configuration.load().configuration
        let sender: DID? = if case .did(let did) = loaded.account { did } else { nil }
        var dryRun = DryRun(configuration: loaded.delivery, sender: sender)
        var totals = Totals()
        do throws(FirehoseFailure) {
            var reader = try RecordingReader(path: file, collections: loaded.stream.collections)
            while let item = try reader.next() {
                totals.lines += 1
                switch item {
                case .passed: continue
                case .rejected(let line, let rejected):
                    totals.rejected += 1
                    if !quiet { StandardOutput.printError("\(file):\(line): \(rejected.reason.rawValue)") }
                case .event(let event):
                    for outcome in await dryRun.take(event) {
                        totals.count(outcome)
                        if !quiet { for line in lines(for: outcome) { StandardOutput.print(line) } }
                    }
                }
            }
        } catch {
            StandardOutput.printError(error.description)
            throw ExitCode(ExitStatus.noInput.rawValue)
        }
        StandardOutput.printError(totals.description)
    }

    /// What was seen, in numbers.
    private struct Totals: CustomStringConvertible {
        var lines = 0
        var messages = 0
        var unresolved = 0
        var refused = 0
        var rejected = 0

        mutating func count(_ outcome: DryRun.Outcome) {
            switch outcome.end {
            case .message: messages += 1
            case .unresolved: unresolved += 1
            case .refused: refused += 1
            case .calledOff: break
            }
        }

        var description: String {
            "\(lines) lines: \(messages) messages would be sent, \(unresolved) owners would be looked up, "
                + "\(refused) requests refused, \(rejected) lines unreadable"
        }
    }

    private func lines(for outcome: DryRun.Outcome) -> [String] {
        guard !json else { return [outcome.json.encodedText] }
        return outcome.lines
    }
}

extension DryRun.Outcome {
    /// For people.
    var lines: [String] {
        let about = "about \(uri)\(rule.map { " (rule \($0))" } ?? "")"
        switch end {
        case .message(let owner, let message):
            let text = message.text.split(separator: "\n", omittingEmptySubsequences: false)
            return ["would send to \(owner) \(about):"] + text.map { "  │ \($0)" }
        case .unresolved(let reference): return ["would look up the owner of \(reference) and send \(about)"]
        case .refused(let refusal): return ["would not send \(about): \(refusal.reason.rawValue): \(refusal.detail)"]
        case .calledOff: return ["would call off \(uri): it was deleted"]
        }
    }

    /// For programs.
    var json: JSONValue {
        var members: [String: JSONValue] = ["uri": .string(uri.text)]
        members["rule"] = rule.map { .string($0) }
        switch end {
        case .message(let owner, let message):
            members["outcome"] = "message"
            members["owner"] = .string(owner.text)
            members["message"] = message.input
        case .unresolved(let reference):
            members["outcome"] = "unresolved"
            members["reference"] = .string(reference.description)
        case .refused(let refusal):
            members["outcome"] = "refused"
            members["reason"] = .string(refusal.reason.rawValue)
            members["detail"] = .string(refusal.detail)
        case .calledOff: members["outcome"] = "called-off"
        }
        return .object(members)
    }
}
