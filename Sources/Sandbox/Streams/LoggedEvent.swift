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
        case .jetstream2: Array(jetstream2.utf8)
        case .jetstream1: jetstream1.map { Array($0.utf8) }
        case .relay: RelayMessage.encoded(self)
        }
    }

    private var time: JSONValue { .string(SandboxClock.text(microseconds: microseconds)) }

    /// As bluesky-social/jetstream writes it, member by member: readers may rely on the order.
    private var jetstream2: String {
        var payload: [Member] = [
            ("$type", Self.quoted("network.bsky.jetstream.subscribeEvents#\(kind)")), ("seq", "\(sequence)"),
            ("did", Self.quoted(did.text)), ("time", time.encodedText),
        ]
        switch content {
        case .commit(let commit):
            payload += Self.members(of: commit)
            payload += [("cid", commit.cid.map(Self.quoted)), ("record", commit.value?.encodedText)]
        case .identity(let handle): payload.append(("identity", identityMembers(handle).encodedText))
        case .account: payload.append(("account", accountMembers.encodedText))
        case .sync(let rev):
            let members: JSONValue = [
                "did": .string(did.text), "rev": .string(rev.text), "blocks": ["$bytes": "oWE"],
                "seq": .integer(sequence), "time": time,
            ]
            payload.append(("sync", members.encodedText))
        }
        return Self.object([("$type", Self.quoted("message")), ("payload", Self.object(payload))])
    }

    private var jetstream1: String? {
        var members: [Member] = [
            ("did", Self.quoted(did.text)), ("time_us", "\(microseconds)"), ("cursor", "\(sequence)"),
            ("kind", Self.quoted(kind)),
        ]
        switch content {
        case .commit(let commit):
            let content = [("record", commit.value?.encodedText), ("cid", commit.cid.map(Self.quoted))]
            members.append(("commit", Self.object(Self.members(of: commit) + content)))
        case .identity(let handle): members.append(("identity", identityMembers(handle).encodedText))
        case .account: members.append(("account", accountMembers.encodedText))
        case .sync: return nil
        }
        return Self.object(members)
    }

    private func identityMembers(_ handle: String) -> JSONValue {
        ["did": .string(did.text), "handle": .string(handle), "seq": .integer(sequence), "time": time]
    }

    private var accountMembers: JSONValue {
        guard case .account(let status) = content else { return .null }
        var members: [String: JSONValue] = [
            "active": .bool(status == nil), "did": .string(did.text), "seq": .integer(sequence), "time": time,
        ]
        members["status"] = status.map(JSONValue.string)
        return .object(members)
    }

    /// What both versions have in common, and in this order.
    private static func members(of commit: CommittedRecord) -> [Member] {
        [
            ("rev", quoted(commit.rev.text)), ("operation", quoted(commit.operation.rawValue)),
            ("collection", quoted(commit.uri.collection?.text ?? "")),
            ("rkey", quoted(commit.uri.recordKey?.text ?? "")),
        ]
    }

    /// A member and its value as JSON; nil when it is not there.
    private typealias Member = (name: String, value: String?)

    private static func object(_ members: [Member]) -> String {
        let texts = members.compactMap { name, value in value.map { "\(quoted(name)):\($0)" } }
        return "{" + texts.joined(separator: ",") + "}"
    }

    private static func quoted(_ text: String) -> String { JSONValue.string(text).encodedText }
}
