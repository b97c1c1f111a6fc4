internal import ATProtocol
internal import ArgumentParser
internal import Backfill
internal import Firehose
internal import LedgerStorage
internal import Network
internal import Notifier

/// `explain`: the whole story of one change request.
struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tells everything that is known about one change request.",
        discussion: """
            When and where it was seen, which rule matched, how the owner was found, every try with its outcome and reason, \
            and what happens next.
            """
    )

    @OptionGroup var ledger: LedgerOption
    @Argument(help: "The change request's AT-URI.", transform: { try ATURI($0) }) var uri: ATURI
    @Flag(help: "One JSON object.") var json = false

    func run() async throws {
        var isKnown = true
        var (gaps, lost) = ([OpenGap](), [OpenGap]())
        try await ledger.withLedger { ledger throws(LedgerError) in
            let history = try await ledger.desk.history(of: uri)
            isKnown = !history.jobs.isEmpty || !history.sightings.isEmpty
            guard isKnown else {
                gaps = try await ledger.stream.openGaps()
                lost = try await ledger.stream.gapsGivenUp(limit: 5)
                return
            }
            if json {
                StandardOutput.print(history.json.encodedText)
            } else {
                for line in history.lines(now: SystemClock().now()) { StandardOutput.print(line) }
            }
        }
        guard isKnown else {
            StandardOutput.printError(
                "The ledger knows nothing about \(uri): no rule covers it, its “when” does not hold, or it was never seen. "
                    + "“impact-notifier rules try” says what the rules make of it."
            )
            let isOfAuthor = { (gap: OpenGap) in gap.gap.account == nil || gap.gap.account == uri.did }
            for gap in gaps where isOfAuthor(gap) { StandardOutput.printError(gap.sentence) }
            for gap in lost where isOfAuthor(gap) { StandardOutput.printError(gap.lostSentence) }
            throw ExitCode(ExitStatus.failure.rawValue)
        }
    }
}

extension OpenGap {
    /// What may still bring a request that is not known.
    fileprivate var sentence: String {
        let begin = "The stream has an open gap \(bounds), in which it may lie"
        let state =
            if let unanswered {
                "\(unanswered); they are asked again, for up to three days"
            } else if sweptAt != nil {
                "all authors have answered once, and are asked once more, for directories lag"
            } else {
                "the authors are being asked"
            }
        return "\(begin): \(state)."
    }

    /// What may hold a request that nobody finds any more.
    fileprivate var lostSentence: String {
        "A gap of the stream \(bounds) was given up, in which it may lie: \(unanswered ?? ""); "
            + "“impact-notifier sweep --since” asks again."
    }

    private var bounds: String {
        "from \(UnixTime(microseconds: gap.from)) to \(UnixTime(microseconds: gap.until)) (\(gap.reason.rawValue))"
    }
}

extension RequestHistory {
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
                "\(Timestamp.rfc3339(message.sentAt))  message \(message.marker) in conversation \(message.conversation), "
                    + "sent \(message.sends) time\(message.sends == 1 ? "" : "s")"
                    + (message.messageID.map { ", stored as \($0)" } ?? "")
            )
        }
        for job in jobs {
            lines.append("")
            lines += job.lines(now: now)
        }
        return lines
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
            "conversation": .string(conversation), "marker": .string(marker), "sends": .integer(Int64(sends)),
            "sent_at": .string(Timestamp.rfc3339(sentAt)),
        ]
        members["message_id"] = messageID.map { .string($0) }
        return .object(members)
    }
}
