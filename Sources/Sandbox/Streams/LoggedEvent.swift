internal import ATProtocol

/// One event of a stream host's log, before it is written in the form of a wire.
struct LoggedEvent: Sendable {
    enum Content: Sendable {
        case commit(CommittedRecord)
        case identity(handle: String)
        case account(status: String?)
        case sync(rev: TID)

        /// `commit`, `identity`, `account` or `sync`.
        var kind: String {
            switch self {
            case .commit: "commit"
            case .identity: "identity"
            case .account: "account"
            case .sync: "sync"
            }
        }
    }

    let sequence: Int64
    let microseconds: UInt64
    let did: DID
    let content: Content

    /// `commit`, `identity`, `account` or `sync`.
    var kind: String { content.kind }

    var collection: String? {
        guard case .commit(let commit) = content else { return nil }
        return commit.uri.collection?.text
    }

    /// The message on a wire; nil when the wire does not carry the event.
    func message(on wire: SandboxWire) -> [UInt8]? {
        switch wire {
        case .jetstream2: jetstream2.encoded
        case .jetstream1: jetstream1?.encoded
        case .relay: RelayMessage.encoded(self)
        }
    }

    private var time: JSONValue { .string(SandboxClock.text(microseconds: microseconds)) }

    private var jetstream2: JSONValue {
        var payload: [String: JSONValue] = [
            "$type": .string("network.bsky.jetstream.subscribeEvents#\(kind)"), "seq": .integer(sequence),
            "did": .string(did.text), "time": time,
        ]
        switch content {
        case .commit(let commit): payload.merge(Self.members(of: commit)) { _, new in new }
        case .identity(let handle):
            payload["identity"] = [
                "did": .string(did.text), "handle": .string(handle), "seq": .integer(sequence), "time": time,
            ]
        case .account: payload["account"] = accountMembers
        case .sync(let rev):
            payload["sync"] = [
                "did": .string(did.text), "rev": .string(rev.text), "blocks": ["$bytes": "oWE"],
                "seq": .integer(sequence), "time": time,
            ]
        }
        return ["$type": "message", "payload": .object(payload)]
    }

    private var jetstream1: JSONValue? {
        var members: [String: JSONValue] = [
            "did": .string(did.text), "time_us": .integer(Int64(microseconds)), "cursor": .integer(sequence),
            "kind": .string(kind),
        ]
        switch content {
        case .commit(let commit): members["commit"] = .object(Self.members(of: commit))
        case .identity(let handle):
            members["identity"] = [
                "did": .string(did.text), "handle": .string(handle), "seq": .integer(sequence), "time": time,
            ]
        case .account: members["account"] = accountMembers
        case .sync: return nil
        }
        return .object(members)
    }

    private var accountMembers: JSONValue {
        guard case .account(let status) = content else { return .null }
        var members: [String: JSONValue] = [
            "active": .bool(status == nil), "did": .string(did.text), "seq": .integer(sequence), "time": time,
        ]
        members["status"] = status.map(JSONValue.string)
        return .object(members)
    }

    private static func members(of commit: CommittedRecord) -> [String: JSONValue] {
        var members: [String: JSONValue] = [
            "rev": .string(commit.rev.text), "operation": .string(commit.operation.rawValue),
            "collection": .string(commit.uri.collection?.text ?? ""),
            "rkey": .string(commit.uri.recordKey?.text ?? ""),
        ]
        members["record"] = commit.value
        members["cid"] = commit.cid.map(JSONValue.string)
        return members
    }
}
