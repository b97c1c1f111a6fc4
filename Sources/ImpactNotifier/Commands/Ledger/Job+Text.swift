internal import ATProtocol
internal import Network
internal import Notifier

extension Job {
    /// The column names of a list.
    static let header = ["STATE", "SEEN", "NEXT", "REASON", "RULE", "RECIPIENT", "REQUEST"]

    /// A row of a list.
    func row(now: UnixTime) -> [String] {
        let next = state.isFinal ? "-" : dueAt > now ? "in \((dueAt - now).inWords)" : "now"
        return [
            state.rawValue, "\((now - createdAt).inWords) ago", next, reason?.rawValue ?? "-", rule, owner?.text ?? "-",
            uri.text,
        ]
    }

    /// Everything, one line each.
    func lines(now: UnixTime) -> [String] {
        var lines = [
            "state:    \(state.rawValue)\(reason.map { " (\($0.rawValue))" } ?? "")",
            "request:  \(uri)", "author:   \(authorName.map { "\($0), " } ?? "")\(author)",
            "project:  \(about ?? "none that the rule accepts")",
            "\(role.rawValue): ".padding(to: 10) + (owner?.text ?? "not known yet"), "rule:     \(rule)",
            "seen:     \(Timestamp.rfc3339(createdAt)), changed \(Timestamp.rfc3339(updatedAt))",
        ]
        if let confirmedBy { lines.append("by:       \(confirmedBy)") }
        if let reason { lines.append("why:      \(reason.sentence)") }
        if let detail, !detail.isEmpty { lines.append("detail:   \(detail)") }
        if let refusedShape { lines.append("record:   \(refusedShape)") }
        lines.append("next:     \(next(now: now))")
        return lines.map(\.onOneLine)
    }

    /// What happens next, in one sentence.
    func next(now: UnixTime) -> String {
        let due = dueAt > now ? "in \((dueAt - now).inWords)" : "as soon as its turn comes"
        switch state {
        case .lookup where [.proofUnavailable, .proofInvalid, .recordNotFound].contains(reason):
            return "the author's PDS is asked to prove the record \(due)."
        case .lookup: return "the owner is looked up \(due)."
        case .queued: return "the message is sent \(due)."
        case .sending: return "the message is under way."
        case .posting: return "a public post that mentions the owner is under way."
        case .verify: return "the conversation is read \(due)."
        case .deferred:
            return "asked again \(due)\(waitUntil.map { ", given up at \(Timestamp.rfc3339($0))" } ?? "")."
        case .delivered: return "nothing, it is done."
        case .dropped: return "nothing; 'impact-notifier jobs retry' would try it again."
        case .uncertain: return "your decision: 'impact-notifier jobs retry' or 'impact-notifier jobs drop'."
        }
    }

    var json: JSONValue {
        var members: [String: JSONValue] = [
            "uri": .string(uri.text), "author": .string(author.text), "rule": .string(rule),
            "state": .string(state.rawValue), "attempts": .integer(Int64(attempts)),
            "created_at": .string(Timestamp.rfc3339(createdAt)), "updated_at": .string(Timestamp.rfc3339(updatedAt)),
        ]
        members["owner"] = owner.map { .string($0.text) }
        if owner != nil { members["role"] = .string(role.rawValue) }
        members["confirmed_by"] = confirmedBy.map { .string($0.text) }
        members["project"] = about.map { .string($0) }
        members["project_name"] = projectName.map { .string($0) }
        members["cid"] = cid.map { .string($0) }
        members["reason"] = reason.map { .string($0.rawValue) }
        members["sentence"] = reason.map { .string($0.sentence) }
        members["detail"] = detail.map { .string($0) }
        members["record_shape"] = refusedShape.map { .string($0) }
        if !state.isFinal { members["due_at"] = .string(Timestamp.rfc3339(dueAt)) }
        return .object(members)
    }
}
