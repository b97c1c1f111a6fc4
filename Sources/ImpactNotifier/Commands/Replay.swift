internal import ATProtocol
internal import ArgumentParser
internal import Firehose
internal import Notifier

/// The command `replay`, which shows what would have been sent.
struct Replay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs matching and composing over a recording, and prints the messages that would be sent.",
        discussion: """
            Sends nothing, asks nobody, stores nothing. The recording holds one Jetstream event a line (v1 or v2), or is a \
            dump of a stream, or relay messages behind four-byte lengths; any of them may be compressed with gzip. It is \
            read as the daemon would read it. Owners whom a reference does not name itself, and names of projects, are not \
            looked up, and age does not count. What cannot be read is counted and named on standard error; when that is \
            all, the status is 65.
            """
    )

    @OptionGroup var configuration: ConfigurationOption

    @OptionGroup var output: OutputOption

    @Flag(help: "Print only the totals.")
    var quiet = false

    @Argument(help: "The recording; - for standard input.")
    var file: String

    func run() async throws {
        let loaded = try configuration.load().configuration
        let sender: DID? = if case .did(let did) = loaded.account { did } else { nil }
        var dryRun = DryRun(configuration: loaded.delivery, sender: sender)
        var totals = Totals()
        do throws(FirehoseError) {
            var reader = try RecordingReader(path: file, configuration: loaded.stream)
            while let item = try reader.next() {
                totals.lines += 1
                switch item {
                case .passed: continue
                case .rejected(let line, let rejected):
                    totals.rejected += 1
                    if !quiet { StandardOutput.printError("\(file):\(line): \(rejected.explanation)") }
                case .event(let event):
                    for outcome in await dryRun.take(event) {
                        totals.count(outcome)
                        if !quiet { output.show(outcome.json, outcome.lines) }
                    }
                }
            }
        } catch {
            if totals.lines > 0 { StandardOutput.printError(totals.description) }
            throw (error.code == .recordingContent ? ExitStatus.dataError : .noInput).saying(error.description)
        }
        StandardOutput.printError(totals.description)
        guard totals.rejected == totals.lines else { return }
        throw ExitStatus.dataError.saying("\(file == "-" ? "standard input" : file) holds no message that can be read")
    }

    /// What was seen, counted.
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
}

extension RejectedEvent {
    /// Why it was rejected, on one line, whatever a stranger has put into it.
    fileprivate var explanation: String {
        guard !detail.isEmpty else { return reason.sentence }
        return "\(reason.sentence): \(detail.onOneLine)"
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
        case .unresolved(let reference):
            guard let handle = reference.handle else {
                return ["would look up the owner of \(reference) and send \(about)"]
            }
            return ["would ask who \(handle) is, look up the owner of \(reference) and send \(about)"]
        case .refused(let refusal): return ["would not send \(about): \(refusal.reason.rawValue): \(refusal.detail)"]
        case .calledOff: return ["would call off \(uri): it was deleted"]
        }
    }

    /// For programs.
    var json: JSONValue {
        var members: [String: JSONValue] = ["uri": .string(uri.text)]
        if !steps.isEmpty { members["steps"] = .array(steps.map { .string($0) }) }
        members["rule"] = rule.map { .string($0) }
        switch end {
        case .message(let owner, let message):
            members["outcome"] = "message"
            members["owner"] = .string(owner.text)
            members["message"] = message.input
        case .unresolved(let reference):
            members["outcome"] = "unresolved"
            members["reference"] = .string(reference.description)
            members["handle"] = reference.handle.map { .string($0.text) }
        case .refused(let refusal):
            members["outcome"] = "refused"
            members["reason"] = .string(refusal.reason.rawValue)
            members["detail"] = .string(refusal.detail)
        case .calledOff: members["outcome"] = "called-off"
        }
        return .object(members)
    }
}
