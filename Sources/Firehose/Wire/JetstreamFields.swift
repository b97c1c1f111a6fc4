internal import ATProtocol

/// The checked fields of one Jetstream message; fields that this program does not need are skipped.
struct JetstreamFields {
    /// Why a message is not a Jetstream message.
    struct FieldError: Error {
        var value: Int64?
        var reason: RejectedEvent.Reason
        var detail: String
    }

    /// The sequence number of v2, microseconds of v1; nil for a message about the stream.
    private(set) var value: Int64?
    /// When the host saw the event, if the message says so reliably.
    private(set) var witnessed: Int64?
    private(set) var did: DID?
    /// The event; nil for kinds that this program does not know.
    private(set) var body: StreamEvent.Body?
    /// A message about the stream.
    private(set) var notice: WireContent.Notice?

    /// The fields of an account event.
    init(value: Int64, witnessed: Int64?, did: DID, body: StreamEvent.Body) {
        self.value = value
        self.witnessed = witnessed
        self.did = did
        self.body = body
    }

    /// Reads `{"$type":"message","payload":{…}}` or `{"$type":"error",…}` (network.bsky.jetstream.subscribeEvents).
    init(version2 json: JSONValue) throws(FieldError) {
        switch json["$type"]?.string {
        case "message": break
        case "error":
            notice = WireContent.Notice(isError: true, name: json["error"], json)
            return
        default: throw FieldError(reason: .malformed, detail: "it is not a message of Jetstream v2")
        }
        guard let payload = json["payload"], let type = payload["$type"]?.string else {
            throw FieldError(reason: .malformed, detail: "it has no payload with a type")
        }
        let kind = type.split(separator: "#").last.map(String.init) ?? ""
        if kind == "info" {
            notice = WireContent.Notice(isError: false, name: payload["name"], payload)
            return
        }
        guard let sequence = payload["seq"]?.integer, sequence.isSequence else {
            throw FieldError(reason: .malformed, detail: "it has no sequence number")
        }
        value = sequence
        let did = try Self.did(payload, sequence)
        self.did = did
        switch kind {
        // A commit's time may have been imported, so it does not tell when the host saw the commit.
        case "commit": body = .commit(try Self.commit(payload, sequence))
        default: body = StreamEvent.Body(kind, payload[kind] ?? .null)
        }
        if kind != "commit" { witnessed = Self.time(payload) }
    }

    /// The year 2100 in microseconds; no host has seen an event from then.
    static let endOfTime: Int64 = 4_102_444_800_000_000

    /// Reads `{"did":…,"time_us":N,"kind":…,…}`, the format of `/subscribe`.
    init(version1 json: JSONValue) throws(FieldError) {
        guard let time = json["time_us"]?.integer, (1..<Self.endOfTime).contains(time),
            let kind = json["kind"]?.string
        else {
            throw FieldError(reason: .malformed, detail: "it is not a message of Jetstream v1")
        }
        value = time
        witnessed = time
        did = try Self.did(json, time)
        switch kind {
        case "commit":
            guard let commit = json["commit"] else {
                throw FieldError(value: time, reason: .malformed, detail: "it is a commit without its fields")
            }
            body = .commit(try Self.commit(commit, time))
        default: body = StreamEvent.Body(kind, json[kind] ?? .null)
        }
    }

    private static func did(_ json: JSONValue, _ value: Int64) throws(FieldError) -> DID {
        do { return try DID(json["did"]?.string ?? "") } catch {
            throw FieldError(value: value, reason: .invalidSyntax, detail: error.description)
        }
    }

    private static func commit(_ json: JSONValue, _ value: Int64) throws(FieldError) -> StreamEvent.Commit {
        guard let operation = json["operation"]?.string.flatMap(StreamEvent.Commit.Operation.init) else {
            throw FieldError(value: value, reason: .malformed, detail: "its operation is not create, update or delete")
        }
        let record = operation == .delete ? nil : json["record"]
        guard operation == .delete || record?.object != nil else {
            throw FieldError(value: value, reason: .malformed, detail: "its record is not an object")
        }
        do {
            return StreamEvent.Commit(
                operation: operation,
                collection: try NSID(json["collection"]?.string ?? ""),
                recordKey: try RecordKey(json["rkey"]?.string ?? ""),
                rev: try TID(json["rev"]?.string ?? "").text,
                cid: operation == .delete ? nil : json["cid"]?.string,
                record: record
            )
        } catch {
            throw FieldError(value: value, reason: .invalidSyntax, detail: error.description)
        }
    }

    /// The time in the payload of a v2 message; a commit's time may have been imported.
    static func time(_ payload: JSONValue) -> Int64? { payload["time"]?.string.flatMap(microseconds) }

    /// Parses a time in a v2 message into microseconds since the Unix epoch.
    static func microseconds(_ text: String) -> Int64? { (try? Datetime(text))?.microseconds }
}
