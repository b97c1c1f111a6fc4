internal import ATProtocol
internal import ArgumentParser
internal import LedgerStorage
internal import Network
internal import Notifier

/// The options of `jobs retry` and `jobs drop`: a decision about one request, or about all that a filter selects.
struct DecisionOption: ParsableArguments {
    @OptionGroup var configuration: ConfigurationOption
    @Argument(help: RequestArgument.help, transform: RequestArgument.parse) var uri: ATURI?
    @OptionGroup var filter: JobFilterOption
    @OptionGroup var confirmation: ConfirmationOption
    @OptionGroup var output: OutputOption

    func validate() throws {
        if uri == nil, filter.isEmpty {
            throw ValidationError("name one request by its AT-URI, or many jobs by --state, --reason and so on")
        }
        if uri != nil, !filter.isEmpty {
            throw ValidationError("give either the AT-URI of one request, or --state, --reason and so on, not both")
        }
    }

    /// Carries the decision out.
    func carryOut(_ decision: OperatorDesk.Decision) async throws {
        let configuration = try configuration.load().configuration
        if let uri { return try await carryOut(decision, about: uri.withDID(by: configuration), configuration) }
        let now = SystemClock().now()
        let filter = try await filter.filter(by: configuration, now: now)
        typealias Meant = (horizon: OperatorDesk.Horizon, counts: [JobState: Int])
        let (horizon, counts): Meant = try await configuration.withLedger { ledger throws(LedgerError) in
            let horizon = try await ledger.desk.horizon()
            return (horizon, try await ledger.desk.concerned(by: decision, like: filter, upTo: horizon))
        }
        guard !counts.isEmpty else {
            throw nothing("no job that the filter names is in a state in which that is possible.")
        }
        try confirmation.confirm(plan(decision, counts))
        // The answer may take long; it is consent to what was counted, and to nothing that came later.
        let count = try await configuration.withLedger { ledger throws(LedgerError) in
            try await ledger.desk.carryOut(decision, like: filter, upTo: horizon, now: now)
        }
        guard count > 0 else { throw nothing("what was meant has gone on meanwhile.") }
        let states = counts.map { ($0.key.rawValue, JSONValue.integer(Int64($0.value))) }
        output.show(
            [
                "decision": .string("\(decision)"), "changed": .integer(Int64(count)),
                "concerned": .object(Dictionary(uniqueKeysWithValues: states)),
            ],
            ["\(count) \(decision.participle)."]
        )
    }

    private func carryOut(
        _ decision: OperatorDesk.Decision,
        about uri: ATURI,
        _ configuration: Configuration
    ) async throws {
        let now = SystemClock().now()
        let jobs = try await configuration.withLedger { ledger throws(LedgerError) in
            try await ledger.desk.carryOut(decision, about: uri, now: now)
        }
        guard !jobs.isEmpty else {
            throw nothing(
                "\(uri) is not in the ledger, or not in a state in which that is possible; 'impact-notifier jobs show' tells."
            )
        }
        output.list(jobs, none: "", header: Job.header, row: { $0.row(now: now) }) { job in
            var members = job.json.object ?? [:]
            members["note"] = job.state.consequence(of: decision).map { .string($0) }
            return .object(members)
        }
        guard !output.json else { return }
        for note in Set(jobs.compactMap { $0.state.consequence(of: decision) }).sorted() { StandardOutput.print(note) }
    }

    /// What would be done, one line each.
    private func plan(_ decision: OperatorDesk.Decision, _ counts: [JobState: Int]) -> [String] {
        let states = JobState.allCases.filter { counts[$0] != nil }
        let numbers = states.map { "\(counts[$0] ?? 0) \($0.rawValue)" }.joined(separator: ", ")
        let head = "\(counts.values.reduce(0, +)) would be \(decision.participle): \(numbers)."
        return [head]
            + states.compactMap { state in state.consequence(of: decision).map { "\(state.rawValue): \($0)" } }
    }

    private func nothing(_ clause: String) -> ExitCode {
        return ExitStatus.failure.saying("Nothing to do: \(clause)")
    }
}

extension OperatorDesk.Decision {
    /// What was done, as a participle.
    fileprivate var participle: String {
        switch self {
        case .retry: "tried again"
        case .drop: "dropped"
        }
    }
}

extension JobState {
    /// What a decision means for jobs in this state, where that is not obvious; otherwise nil.
    fileprivate func consequence(of decision: OperatorDesk.Decision) -> String? {
        switch (decision, self) {
        case (.drop, .sending), (.drop, .verify):
            "A message under way cannot be called back: if it turns out not to have arrived, it is not sent again."
        case (.drop, .posting):
            "A post under way cannot be called back: if it fails, it is not tried again."
        case (.drop, .uncertain): "Nobody looks any more whether the message arrived."
        case (.retry, .verify), (.retry, .uncertain):
            "The conversation is read first: the message is sent again only if it is not there."
        default: nil
        }
    }
}
