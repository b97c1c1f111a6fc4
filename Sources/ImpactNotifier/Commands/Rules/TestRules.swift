internal import ATProtocol
internal import ArgumentParser
internal import Firehose
internal import Notifier

/// The command `rules test`, which compares the results of rules with the expected ones.
struct TestRules: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Tests rules on records with expected outcomes, asking nobody.",
        discussion: """
            A file of tests names the files of rules, the records and answers that a look-up finds, and the tests; \
            \(Documentation.rules.path) describes it. Ends with status 1 when a test fails.
            """
    )

    @Argument(help: "Files of tests.") var files: [String]
    @OptionGroup var output: OutputOption

    func run() async throws {
        var failures = 0
        var count = 0
        for file in files {
            let tests: RuleTestFile
            do { tests = try RuleTestFile(path: file) } catch {
                for issue in error.issues { StandardOutput.printError(issue.description) }
                throw ExitStatus.configuration.code
            }
            for test in tests.tests {
                count += 1
                let complaints = await test.complaints(in: tests)
                failures += complaints.isEmpty ? 0 : 1
                output.show(
                    [
                        "file": .string(file), "name": .string(test.name), "ok": .bool(complaints.isEmpty),
                        "complaints": .array(complaints.map { .string($0) }),
                    ],
                    ["\(complaints.isEmpty ? "ok  " : "FAIL") \(test.name)"] + complaints.map { "     \($0)" }
                )
            }
        }
        StandardOutput.printError("\(count) tests, \(failures) failed")
        if failures > 0 { throw ExitStatus.failure.code }
    }
}

extension RuleTestFile.Test {
    /// What differs from the expected results, one clause each.
    func complaints(in file: RuleTestFile) async -> [String] {
        guard let did = uri.did, let collection = uri.collection, let key = uri.recordKey else {
            return ["\(uri) does not name a record of an account by its DID"]
        }
        var configuration = NotifierConfiguration(rules: file.rules)
        configuration.policy.recipients = .anyone
        var dryRun = DryRun(configuration: configuration, sender: nil, network: (file.network, file.network))
        let outcomes = await dryRun.take(StreamEvent(of: did, operation, collection, key, record))
        var complaints: [String] = []
        if outcomes.isEmpty, let rule { complaints.append("rule \(rule) does not count") }
        var told: [DID] = []
        var reasons: [String] = []
        for outcome in outcomes {
            if let rule, outcome.rule != rule { complaints.append("rule \(outcome.rule ?? "") counts") }
            switch outcome.end {
            case .message(let owner, let message):
                told.append(owner)
                for text in says where !message.text.contains(text) {
                    complaints.append("the message does not say '\(text)': \(message.text)")
                }
            case .refused(let refusal):
                reasons.append(refusal.reason.rawValue)
                if !expectedReasons.contains(refusal.reason.rawValue) {
                    complaints.append("\(refusal.reason.rawValue): \(refusal.detail)")
                }
            case .unresolved, .calledOff: break
            }
        }
        if Set(told) != Set(tells) {
            func list(_ dids: [DID]) -> String { dids.isEmpty ? "nobody" : dids.map(\.text).joined(separator: ", ") }
            complaints.append("tells \(list(told)), and should tell \(list(tells))")
        }
        for reason in expectedReasons where !reasons.contains(reason) {
            complaints.append("is not refused as \(reason)")
        }
        guard !complaints.isEmpty else { return [] }
        return complaints + (outcomes.isEmpty ? [why(in: file, collection)] : outcomes.flatMap(\.steps))
    }

    /// Why no rule takes a record.
    private func why(in file: RuleTestFile, _ collection: NSID) -> String {
        let reports = file.rules.map { (rule: $0, report: $0.report(on: collection, record)) }
        if let rule = reports.first(where: \.report.applies)?.rule {
            let operations = rule.operations.map(\.rawValue).sorted().joined(separator: " or ")
            return "rule \(rule.name) is for \(operations), and this is \(operation.rawValue)"
        }
        guard let rule = file.rules.first(where: { $0.covers(collection) }) else {
            return "no rule covers \(collection)"
        }
        return "rule \(rule.name) \(rule.report(on: collection, record).steps.last ?? "")"
    }
}
