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
            dump of a stream. Owners are the authorities of the references; names of projects are not looked up, and age \
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
                    if !quiet { StandardOutput.printError("\(file):\(line): \(rejected.reason)") }
                case .event(let event):
                    guard let outcome = dryRun.take(event) else { continue }
                    totals.count(outcome)
                    if !quiet { for line in lines(for: outcome) { StandardOutput.print(line) } }
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
        var refused = 0
        var rejected = 0

        mutating func count(_ outcome: DryRun.Outcome) {
            switch outcome {
            case .message: messages += 1
            case .refused: refused += 1
            case .calledOff: break
            }
        }

        var description: String {
            "\(lines) lines: \(messages) messages would be sent, \(refused) requests refused, \(rejected) lines unreadable"
        }
    }

    private func lines(for outcome: DryRun.Outcome) -> [String] {
        switch outcome {
        case .message(let owner, let uri, let rule, let message):
            guard !json else {
                return [
                    JSONValue.object([
                        "outcome": "message", "owner": .string(owner.text), "uri": .string(uri.text),
                        "rule": .string(rule), "message": message.input,
                    ]).encodedText
                ]
            }
            let head = "would send to \(owner) about \(uri) (rule \(rule)):"
            return [head] + message.text.split(separator: "\n", omittingEmptySubsequences: false).map { "  │ \($0)" }
        case .refused(let uri, let rule, let refusal):
            guard !json else {
                return [
                    JSONValue.object([
                        "outcome": "refused", "reason": .string(refusal.reason.rawValue), "uri": .string(uri.text),
                        "rule": .string(rule), "detail": .string(refusal.detail),
                    ]).encodedText
                ]
            }
            return ["would not send about \(uri) (rule \(rule)): \(refusal.reason.rawValue): \(refusal.detail)"]
        case .calledOff(let uri):
            guard !json else {
                return [JSONValue.object(["outcome": "called-off", "uri": .string(uri.text)]).encodedText]
            }
            return ["would call off \(uri): it was deleted"]
        }
    }
}
