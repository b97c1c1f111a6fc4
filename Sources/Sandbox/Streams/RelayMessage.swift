internal import ATProtocol

/// Events as a relay writes them: two DAG-CBOR objects, header and payload (atproto.com/specs/event-stream#framing).
enum RelayMessage {
    /// The message of an event; nil for what has no evidence, and for what another's message tells with it.
    static func encoded(_ event: LoggedEvent, _ form: LoggedEvent.Form) -> [UInt8]? {
        payload(of: event, form).flatMap { frame(["op": 1, "t": .string("#\(event.kind)")], $0) }
    }

    /// `#info` with a name.
    static func info(_ name: String, _ message: String) -> [UInt8]? {
        frame(["op": 1, "t": "#info"], ["name": .string(name), "message": .string(message)])
    }

    /// An error, after which the server closes.
    static func error(_ name: String, _ message: String) -> [UInt8]? {
        frame(["op": -1], ["error": .string(name), "message": .string(message)])
    }

    private static func frame(_ header: JSONValue, _ payload: JSONValue) -> [UInt8]? {
        guard let header = try? header.dagCBOR(), let payload = try? payload.dagCBOR() else { return nil }
        return header + payload
    }

    private static func payload(of event: LoggedEvent, _ form: LoggedEvent.Form) -> JSONValue? {
        let sequence = JSONValue.integer(event.sequence)
        let did = JSONValue.string(event.did.text)
        let time = JSONValue.string(SandboxClock.text(microseconds: event.microseconds))
        switch event.content {
        case .identity(let handle):
            var members: [String: JSONValue] = ["seq": sequence, "did": did, "time": time]
            members["handle"] = form.isTerse ? nil : handle.map(JSONValue.string)
            return .object(members)
        case .account(let status):
            var members: [String: JSONValue] = [
                "seq": sequence, "did": did, "time": time, "active": .bool(status == nil),
            ]
            members["status"] = status.map(JSONValue.string)
            return .object(members)
        case .repeated: return nil
        case .sync(let rev, let blocks):
            return blocks.map { blocks in
                [
                    "seq": sequence, "did": did, "time": time, "rev": .string(rev.text),
                    "blocks": RepositoryTree.bytes(blocks),
                ]
            }
        case .commit(let record):
            guard let evidence = record.evidence else { return nil }
            let operations = evidence.operations.map { operation -> JSONValue in
                let action = operation.record == nil ? "delete" : operation.previous == nil ? "create" : "update"
                var members: [String: JSONValue] = [
                    "action": .string(action), "path": .string(operation.path),
                    "cid": operation.record.map(RepositoryTree.link) ?? .null,
                ]
                members["prev"] = operation.previous.map(RepositoryTree.link)
                return .object(members)
            }
            return [
                "seq": sequence, "repo": did, "time": time, "rev": .string(record.rev.text),
                "since": .string(evidence.since.text), "commit": RepositoryTree.link(evidence.commit),
                "prevData": RepositoryTree.link(evidence.previousData),
                "blocks": RepositoryTree.bytes(evidence.archive), "ops": .array(operations), "blobs": [],
                "rebase": false, "tooBig": false,
            ]
        }
    }
}
