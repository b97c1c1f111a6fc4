internal import ATProtocol
internal import Network

/// Turns the messages of a Jetstream host, of either version, into events.
///
/// A commit to another collection is told from the head of its message and passed over.
package struct JetstreamDecoder: Sendable {
    private let host: String
    private let wire: StreamWire
    private let isVersion2: Bool
    private let filter: CollectionFilter
    private var witness: WitnessClock

    /// - Parameters:
    ///   - host: the name that positions carry.
    ///   - wire: either version of Jetstream.
    ///   - collections: the collections whose commits are wanted.
    ///   - witnessed: what is known before the first message: where reading begins.
    ///   - isCertain: whether a stream has told it.
    ///   - clock: the date.
    init(
        host: String,
        wire: StreamWire,
        collections: [CollectionPattern],
        witnessed: Int64,
        isCertain: Bool = true,
        clock: any WallClock = SystemClock()
    ) {
        self.host = host
        self.wire = wire
        isVersion2 = wire == .jetstream2
        filter = CollectionFilter(collections)
        witness = WitnessClock(witnessed, isCertain: isCertain, clock: clock)
    }

    /// When the host witnessed what it sent last, in microseconds since the Unix epoch.
    var witnessed: Int64 { witness.value }

    /// Whether the stream, and not our clock alone, has told when that was.
    var isCertain: Bool { witness.isCertain }

    /// Decodes one message; never fails, a message that cannot be understood comes back as rejected.
    mutating func decode(_ encoding: WireEncoding, _ bytes: RawSpan) -> WireMessage {
        guard encoding == .text else {
            return .read(rejected(bytes, nil, .malformed, "it is a binary message"))
        }
        if isVersion2 {
            if let value = JetstreamHead.unwanted(version2: bytes, filter) { return .missed(value: value) }
        } else if let value = JetstreamHead.unwanted(version1: bytes, filter), witness.observe(value, of: nil) {
            // Where the time needs others' consent, whose message it is stands in the whole of it alone.
            return .missed(value: value)
        }
        return .read(decodeWhole(bytes))
    }

    /// Decodes one message without a look at its head.
    mutating func decodeWhole(_ bytes: RawSpan) -> WireContent {
        let json: JSONValue
        do { json = try JSONValue(parsing: bytes) } catch {
            return rejected(bytes, nil, .malformed, error.description)
        }
        let fields: JetstreamFields
        do throws(JetstreamFields.Failure) {
            fields = isVersion2 ? try JetstreamFields(version2: json) : try JetstreamFields(version1: json)
        } catch {
            return rejected(bytes, error.value, error.reason, error.detail, of: Self.account(of: json))
        }
        if let moment = fields.witnessed {
            _ = witness.observe(moment, of: fields.did.hashValue)
        } else if !witness.isCertain, case .commit(let commit)? = fields.body {
            // The message's time may be imported, and the revision's is the author's: whichever is nearer to now.
            let times = [json["payload"].flatMap(JetstreamFields.time), (try? TID(commit.rev))?.time.microseconds]
            times.compactMap(\.self).max().map { witness.suggest($0) }
        }
        var content = WireContent(value: place(fields.value), notice: fields.notice)
        if let value = fields.value, let did = fields.did, let body = fields.body, isWanted(body) {
            let position = StreamPosition(host: host, wire: wire, value: value, witnessed: witnessed)
            content.events = [StreamEvent(position: position, did: did, body: body)]
        }
        return content
    }

    /// Up to where the stream is read: a position of v1 is a time, and may be one that is not believed.
    private func place(_ value: Int64?) -> Int64? { isVersion2 ? value : value.map { min($0, witnessed) } }

    /// Whose a message claims to be that has no other meaning.
    private static func account(of json: JSONValue) -> DID? {
        try? DID((json["payload"] ?? json)["did"]?.string ?? "")
    }

    private func isWanted(_ body: StreamEvent.Body) -> Bool {
        guard case .commit(let commit) = body else { return true }
        return filter.wants(commit.collection.text)
    }

    private func rejected(
        _ bytes: RawSpan,
        _ value: Int64?,
        _ reason: RejectedMessage.Reason,
        _ detail: String,
        of account: DID? = nil
    ) -> WireContent {
        let message = RejectedMessage(
            host: host,
            wire: wire,
            value: value,
            account: account,
            reason: reason,
            detail: detail,
            borrowing: bytes
        )
        return WireContent(value: place(value), rejected: [message])
    }
}
