import Foundation
import Testing

@testable import Notifier

/// The three machines as docs/delivery.md shows them: a row an event, a column a state.
@Suite struct `The tables of the machines` {
    @Test(arguments: ["request", "job", "message"])
    func `stand in docs/delivery.md as the code has them`(name: String) throws {
        let table = Self.table(of: name)
        let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/delivery.md")
        let page = try String(contentsOf: path, encoding: .utf8)
        let parts = page.components(separatedBy: "<!-- machine: \(name) -->\n\n")
        let shown = parts.count == 2 ? parts[1].components(separatedBy: "\n\n")[0] : ""
        #expect(shown == table, "the page has another table; the code's:\n\(table)")
    }

    private static func table(of name: String) -> String {
        switch name {
        case "request": requestTable
        case "job": jobTable
        default: messageTable
        }
    }

    /// Rows of a table, without those that say nothing in any state.
    private static func table<Machine, Event>(
        _ states: [(String, Machine)],
        _ events: [(String, Event)],
        cell: (Machine, Event) -> String?
    ) -> String {
        var lines = ["| event | \(states.map(\.0).joined(separator: " | ")) |"]
        lines.append(String(repeating: "|---", count: states.count + 1) + "|")
        for (name, event) in events {
            let cells = states.map { cell($0.1, event) ?? "·" }
            lines.append("| \(name) | \(cells.joined(separator: " | ")) |")
        }
        return lines.joined(separator: "\n")
    }

    private static func cell(_ state: String, from before: String, _ actions: [String]?) -> String? {
        guard let actions else { return nil }
        let words = (state == before ? [] : [state]) + actions
        return words.isEmpty ? "stays" : words.joined(separator: ", ")
    }

    /// “takeBackJobs” is told as “take back jobs”, without what the action carries.
    private static func words(_ action: Any) -> String {
        "\(action)".prefix { $0 != "(" }.reduce(into: "") { text, letter in
            text += letter.isUppercase ? " \(letter.lowercased())" : "\(letter)"
        }
    }

    private static func verdict(_ action: Verdict.Action, _ reason: Reason, _ followUp: Verdict.FollowUp? = nil)
        -> Verdict
    {
        Verdict(0, action, reason, followUp)
    }

    private static var requestTable: String {
        typealias Event = RequestMachine.Event
        let states: [(String, RequestMachine)] = [
            ("lookup", RequestMachine()),
            ("resolved, nobody told", RequestMachine(state: .resolved)),
            ("resolved, told or in doubt", RequestMachine(state: .resolved, jobs: .begun)),
            ("resolved, all told", RequestMachine(state: .resolved, jobs: .delivered)),
            ("dropped: deleted", RequestMachine(state: .dropped, reason: .recordDeleted)),
            (
                "dropped: for its words or by the settings",
                RequestMachine(state: .dropped, reason: .referenceMalformed)
            ), ("dropped: otherwise", RequestMachine(state: .dropped, reason: .hostRefused)),
            ("dropped: by an operator", RequestMachine(state: .dropped, reason: .operatorDecision)),
        ]
        let events: [(String, Event)] = [
            ("newer version, the same content", .updated(refusal: nil, .none)),
            ("newer version, other words", .updated(refusal: nil, .content)),
            ("newer version, other project", .updated(refusal: nil, .reference)),
            ("newer version, refused by itself", .updated(refusal: .referenceMissing, .reference)),
            ("called off: deleted, author gone or blocked, operator", .calledOff(.recordDeleted)),
            ("recipients found, proven", .resolved),
            ("refused by what was found", .refused(.projectNotFound)),
            ("look-up or proof failed", .failed(verdict(.retry, .identityUnavailable), isGivenUp: false)),
            ("failed for good, or too long", .failed(verdict(.retry, .identityUnavailable), isGivenUp: true)),
            ("to be looked at anew", .reopened(nil)),
            ("waited as long as allowed", .waitExpired),
            ("operator retries", .retried),
        ]
        return table(states, events) { machine, event in
            var next = machine
            let actions = next.handle(event)
            return cell(next.state.rawValue, from: machine.state.rawValue, actions?.map(words))
        }
    }

    private static var jobTable: String {
        typealias Event = JobMachine.Event
        let states: [(String, JobMachine)] = [
            ("queued", JobMachine(state: .queued)),
            ("deferred", JobMachine(state: .deferred, reason: .ownerNotFollowing)),
            ("sending, verify", JobMachine(state: .verify, isInDoubt: true)),
            ("the same, called off", JobMachine(state: .verify, withdrawal: .recordDeleted, isInDoubt: true)),
            ("the same, replaced", JobMachine(state: .verify, withdrawal: .recordReplaced, isInDoubt: true)),
            ("posting", JobMachine(state: .posting, reason: .ownerNotFollowing)),
            ("posting, called off", JobMachine(state: .posting, withdrawal: .recordDeleted)),
            ("uncertain", JobMachine(state: .uncertain, reason: .sendsExhausted, isInDoubt: true)),
            ("uncertain: possibly told", JobMachine(state: .uncertain, reason: .possiblyTold)),
            ("dropped", JobMachine(state: .dropped, reason: .operatorDecision)),
            ("dropped, in doubt", JobMachine(state: .dropped, reason: .operatorDecision, isInDoubt: true)),
            ("dropped for its project", JobMachine(state: .dropped, reason: .ownerSuppressed)),
            ("delivered", JobMachine(state: .delivered)),
        ]
        let events: [(String, Event)] = [
            ("settings: told", .admitted(.told)), ("settings: wait", .admitted(.waits(.ownerNotFollowing))),
            ("settings: refuse", .admitted(.refused(.authorBlocked))),
            ("a limit stands against it", .postponed(.ownerLimit)),
            ("limit free, followed, setting or account may have changed", .wakened),
            ("called off", .calledOff(.recordDeleted)), ("replaced by a newer version", .calledOff(.recordReplaced)),
            ("failed: retry, or the sender pauses", .failed(verdict(.retry, .serverError))),
            ("failed: ask for the recipient anew", .failed(verdict(.retry, .recipientNotFound, .resolveAgain))),
            ("failed: the recipient must do something", .failed(verdict(.defer, .ownerDisabledMessages))),
            ("failed: never", .failed(verdict(.drop, .conversationLocked))),
            ("failed: blocked", .failed(verdict(.drop, .ownerBlocked, .suppressOwner))),
            ("told already, says the conversation", .told), ("nobody can say whether it was told", .possiblyTold),
            ("message sending", .message(.sending, nil)), ("message in doubt", .message(.verify, .outcomeUnknown)),
            ("message delivered", .message(.delivered, nil)),
            ("message uncertain", .message(.uncertain, .sendsExhausted)),
            ("message proven absent, not sent as it was", .disproved), ("mention begins", .mentionBegun),
            ("mention posted", .posted), ("post refused", .postFailed(.refused)),
            ("post unknown", .postFailed(.unknown)),
            ("post impossible", .postFailed(.impossible)), ("waited as long as allowed", .waitExpired),
            ("operator retries", .retried),
        ]
        return table(states, events) { machine, event in
            var next = machine
            guard let actions = next.handle(event)?.map(words) else { return nil }
            let isMarked = next.withdrawal != machine.withdrawal && next.state == machine.state
            return cell(
                next.state.rawValue,
                from: machine.state.rawValue,
                (isMarked ? [next.withdrawal == nil ? "sent again if absent" : "not sent again"] : []) + actions
            )
        }
    }

    private static var messageTable: String {
        typealias Event = MessageMachine.Event
        let states: [(String, MessageMachine)] = [
            ("an answer: queued", MessageMachine(state: .queued, sends: 0, maximumSends: 2, isAnswer: true)),
            ("an answer: sending", MessageMachine(state: .sending, sends: 1, maximumSends: 2, isAnswer: true)),
            ("sending", MessageMachine(state: .sending, sends: 1, maximumSends: 2)),
            ("verify", MessageMachine(state: .verify, sends: 1, maximumSends: 2)),
            ("verify, sent as often as allowed", MessageMachine(state: .verify, sends: 2, maximumSends: 2)),
            ("uncertain", MessageMachine(state: .uncertain, sends: 2, maximumSends: 2)),
            ("delivered", MessageMachine(state: .delivered, sends: 1, maximumSends: 2)),
            ("dropped", MessageMachine(state: .dropped, sends: 0, maximumSends: 2)),
        ]
        let events: [(String, Event)] = [
            ("the conversation is open, and it is not there", .opened),
            ("not to be sent any more", .refused(.ownerStopped)),
            ("accepted", .accepted), ("failed: retry, or the sender pauses", .failed(verdict(.retry, .serverError))),
            ("refused: surely nothing stored", .failed(verdict(.defer, .ownerDoesNotFollow))),
            ("refused: blocked", .failed(verdict(.drop, .ownerBlocked, .suppressOwner))),
            ("outcome unknown, or cannot be read now", .failed(verdict(.verify, .outcomeUnknown))),
            ("found in the conversation", .found), ("not there", .absent(isChanged: false)),
            ("not there, and requests changed", .absent(isChanged: true)),
            ("not there, too early to send", .absentEarly),
            ("the daemon starts anew", .restarted), ("operator retries", .retried),
        ]
        return table(states, events) { machine, event in
            var next = machine
            let actions = next.handle(event)
            return cell(next.state.rawValue, from: machine.state.rawValue, actions?.map(words))
        }
    }
}

/// What docs/reasons.md says of a request and its messages.
@Suite struct `The page of all reasons` {
    @Test func `has each with the sentence that the code has`() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/reasons.md")
        let page = try String(contentsOf: path, encoding: .utf8).components(separatedBy: "\n")
        let table = page.drop { $0 != "| code | sentence |" }.dropFirst(2).prefix { $0.hasPrefix("|") }
        let rows = Reason.allCases.map { "| `\($0.rawValue)` | \($0.sentence) |" }
        for (row, written) in zip(rows, table) { #expect(written == row) }
        #expect(table.count == rows.count)
    }
}
