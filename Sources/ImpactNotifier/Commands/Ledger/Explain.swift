internal import ATProtocol
internal import ArgumentParser
internal import Backfill
internal import Firehose
internal import LedgerStorage
internal import Network
internal import Notifier

/// The command `explain`: everything that is known about one change request.
struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tells the whole story of one change request.",
        discussion: """
            When and where it was seen, which rule matched, how the owner was found, every attempt with its outcome and reason, \
            and what happens next.
            """
    )

    @OptionGroup var configuration: ConfigurationOption
    @Argument(help: RequestArgument.help, transform: RequestArgument.parse) var uri: ATURI
    @OptionGroup var output: OutputOption

    func run() async throws {
        let loaded = try configuration.load().configuration
        let uri = try await uri.withDID(by: loaded)
        let (history, gaps): (RequestHistory, [String]) = try await loaded.withLedger { ledger throws(LedgerError) in
            let history = try await ledger.desk.history(of: uri)
            guard !history.isKnown else { return (history, [String]()) }
            return (history, try await Self.gaps(of: uri, ledger, lookback: loaded.delivery.policy.maximumAge))
        }
        guard !history.isKnown else { return output.show(history.json, history.lines(now: SystemClock().now())) }
        StandardOutput.printError(
            "The ledger knows nothing about \(uri): no rule covers it, a rule's condition ('when') does not hold, or it was never seen. "
                + "'impact-notifier rules try' says what the rules make of it."
        )
        for gap in gaps { StandardOutput.printError(gap) }
        throw ExitStatus.failure.code
    }

    /// The most given-up gaps that are each shown in a sentence.
    private static let maximumGaps = 5

    /// A sentence for each gap that may hide an unknown request: it may still bring it, or never will.
    private static func gaps(
        of uri: ATURI,
        _ ledger: Notifier.Ledger,
        lookback: Duration
    ) async throws(LedgerError) -> [String] {
        let open = try await ledger.stream.openGaps().filter { $0.gap.mayHold(uri, lookback: lookback) }
        let past = try await ledger.stream.givenUpGaps().filter { $0.gap.mayHold(uri, lookback: lookback) }
        var sentences = open.map(\.sentence) + past.suffix(maximumGaps).map(\.sentence)
        if past.count > maximumGaps {
            sentences.append("\(past.count - maximumGaps) earlier gaps were given up as well.")
        }
        if !past.isEmpty {
            sentences.append(
                "To look for it once more, run 'impact-notifier sweep --since' with a time before the gap."
            )
        }
        return sentences
    }
}

extension RequestHistory {
    fileprivate var isKnown: Bool { !jobs.isEmpty || !sightings.isEmpty }

    fileprivate func lines(now: UnixTime) -> [String] {
        var lines: [String] = []
        for sighting in sightings {
            lines.append(
                "\(Timestamp.rfc3339(sighting.seenAt))  seen: \(sighting.operation) at \(sighting.host) (\(sighting.wire)), "
                    + "position \(sighting.position), revision \(sighting.rev)"
            )
        }
        for attempt in attempts {
            var words = ["\(Timestamp.rfc3339(attempt.at)) ", "\(attempt.phase):", attempt.outcome]
            if let reason = attempt.reason { words.append("(\(reason.rawValue))") }
            if let detail = attempt.detail, !detail.isEmpty { words.append("— \(detail)") }
            if let next = attempt.nextAt { words.append("; again at \(Timestamp.rfc3339(next))") }
            lines.append(words.joined(separator: " "))
        }
        for message in messages {
            lines.append(
                "\(Timestamp.rfc3339(message.sentAt))  message \(message.reference) in conversation \(message.conversation), "
                    + "sent \(message.sends) time\(message.sends == 1 ? "" : "s")"
                    + (message.messageID.map { ", stored as \($0)" } ?? "")
            )
        }
        for job in jobs {
            lines.append("")
            lines += job.lines(now: now)
        }
        return lines.map(\.onOneLine)
    }

    fileprivate var json: JSONValue {
        [
            "uri": .string(uri.text), "sightings": .array(sightings.map(\.json)), "jobs": .array(jobs.map(\.json)),
            "attempts": .array(attempts.map(\.json)), "messages": .array(messages.map(\.json)),
        ]
    }
}

extension RequestHistory.Sighting {
    fileprivate var json: JSONValue {
        [
            "operation": .string(operation), "host": .string(host), "wire": .string(wire),
            "position": .integer(position), "rev": .string(rev), "cid": cid.map(JSONValue.string) ?? .null,
            "seen_at": .string(Timestamp.rfc3339(seenAt)),
        ]
    }
}

extension RequestHistory.Attempt {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [
            "at": .string(Timestamp.rfc3339(at)), "phase": .string(phase), "outcome": .string(outcome),
        ]
        members["reason"] = reason.map { .string($0.rawValue) }
        members["status"] = status.map { .integer(Int64($0)) }
        members["error"] = error.map { .string($0) }
        members["detail"] = detail.map { .string($0) }
        members["next_at"] = nextAt.map { .string(Timestamp.rfc3339($0)) }
        return .object(members)
    }
}

extension RequestHistory.Message {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [
            "conversation": .string(conversation), "reference": .string(reference), "sends": .integer(Int64(sends)),
            "sent_at": .string(Timestamp.rfc3339(sentAt)),
        ]
        members["message_id"] = messageID.map { .string($0) }
        return .object(members)
    }
}
