internal import ATProtocol

/// One event of a stream host's log, before it is written in the form of a wire.
struct LoggedEvent: Sendable {
    enum Content: Sendable {
        case commit(CommittedRecord)
        /// A record of a repository that was replaced as a whole, which Jetstream v2 alone tells again.
        case repeated(CommittedRecord)
        case identity(handle: String?)
        case account(status: String?)
        /// A repository was replaced as a whole; `blocks` has its newest commit alone, nil of one that is not signed.
        case sync(rev: TID, blocks: [UInt8]?)

        /// `commit`, `identity`, `account` or `sync`.
        var kind: String {
            switch self {
            case .commit, .repeated: "commit"
            case .identity: "identity"
            case .account: "account"
            case .sync: "sync"
            }
        }
    }

    /// In what hosts differ that tell of the same.
    struct Form: Sendable {
        /// Whether a message lacks what it need not have: on v1 the number of v2, and the handle of an identity.
        var isTerse = false
        /// How much older than its arrival a commit is on the Jetstream wires, in microseconds.
        var age: UInt64 = 0
    }

    let sequence: Int64
    let microseconds: UInt64
    let did: DID
    let content: Content

    /// `commit`, `identity`, `account` or `sync`.
    var kind: String { content.kind }

    var collection: String? {
        switch content {
        case .commit(let commit), .repeated(let commit): commit.uri.collection?.text
        case .identity, .account, .sync: nil
        }
    }

    /// The message on a wire; nil when the wire does not carry the event.
    func message(on wire: SandboxWire, _ form: Form = Form()) -> [UInt8]? {
        switch wire {
        case .jetstream2: Array(jetstream2(form).utf8)
        case .jetstream1: jetstream1(form).map { Array($0.utf8) }
        case .relay: RelayMessage.encoded(self, form)
        }
    }

    /// The time that is shown on the Jetstream wires: of commits alone it may be another than that of the arrival.
    private func shown(_ form: Form) -> UInt64 { collection == nil ? microseconds : microseconds - form.age }

    private var time: JSONValue { .string(SandboxClock.text(microseconds: microseconds)) }

    /// As bluesky-social/jetstream writes it, member by member: readers may rely on the order.
    private func jetstream2(_ form: Form) -> String {
        var payload: [Member] = [
            ("$type", Self.quoted("network.bsky.jetstream.subscribeEvents#\(kind)")), ("seq", "\(sequence)"),
            ("did", Self.quoted(did.text)), ("time", Self.quoted(SandboxClock.text(microseconds: shown(form)))),
        ]
        switch content {
        case .commit(let commit), .repeated(let commit):
            payload += Self.members(of: commit)
            payload += [("cid", commit.cid.map(Self.quoted)), ("record", commit.value?.encodedText)]
        case .identity(let handle): payload.append(("identity", identityMembers(handle, form).encodedText))
        case .account: payload.append(("account", accountMembers.encodedText))
        case .sync(let rev, let blocks):
            let members: JSONValue = [
                "did": .string(did.text), "rev": .string(rev.text), "blocks": RepositoryTree.bytes(blocks ?? []),
                "seq": .integer(sequence), "time": time,
            ]
            payload.append(("sync", members.encodedText))
        }
        return Self.object([("$type", Self.quoted("message")), ("payload", Self.object(payload))])
    }

    private func jetstream1(_ form: Form) -> String? {
        var members: [Member] = [
            ("did", Self.quoted(did.text)), ("time_us", "\(shown(form))"),
            ("cursor", form.isTerse ? nil : "\(sequence)"), ("kind", Self.quoted(kind)),
        ]
        switch content {
        case .commit(let commit):
            let content = [("record", commit.value?.encodedText), ("cid", commit.cid.map(Self.quoted))]
            members.append(("commit", Self.object(Self.members(of: commit) + content)))
        case .identity(let handle): members.append(("identity", identityMembers(handle, form).encodedText))
        case .account: members.append(("account", accountMembers.encodedText))
        case .repeated, .sync: return nil
        }
        return Self.object(members)
    }

    private func identityMembers(_ handle: String?, _ form: Form) -> JSONValue {
        var members: [String: JSONValue] = ["did": .string(did.text), "seq": .integer(sequence), "time": time]
        members["handle"] = form.isTerse ? nil : handle.map(JSONValue.string)
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
