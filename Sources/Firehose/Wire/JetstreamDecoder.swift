internal import ATProtocol

/// Turns the messages of a Jetstream host, of either version, into events.
///
/// A commit to another collection is told from the head of its message and passed over. Every ten-thousandth such
/// message is decoded in full all the same; if it turns out to have been wanted, heads are never trusted again.
struct JetstreamDecoder: Sendable {
    private static let auditInterval = 10_000

    private let host: String
    private let wire: StreamWire
    private let filter: CollectionFilter
    private var sinceAudit = 0
    /// Whether a message may be passed over for what its head says.
    private(set) var trustsOutline: Bool
    /// When the host witnessed what it sent last, in microseconds since the Unix epoch.
    private(set) var witnessed: Int64

    /// - Parameters:
    ///   - host: the name that positions carry.
    ///   - wire: either version of Jetstream.
    ///   - collections: the collections whose commits are wanted.
    ///   - witnessed: what is known before the first message: where reading begins.
    ///   - trustsOutline: false to decode every message in full, and so to find every fault.
    init(host: String, wire: StreamWire, collections: [CollectionPattern], witnessed: Int64, trustsOutline: Bool = true)
    {
        self.trustsOutline = trustsOutline
        self.host = host
        self.wire = wire
        filter = CollectionFilter(collections)
        self.witnessed = witnessed
    }

    /// Decodes one message; never fails, a message that cannot be understood comes back as rejected.
    mutating func decode(_ encoding: WireEncoding, _ bytes: RawSpan) -> WireMessage {
        guard encoding == .text else {
            return .read(rejected(bytes, nil, .malformed, "it is a binary message"))
        }
        var isAudit = false
        if trustsOutline {
            let outline =
                wire == .jetstream2
                ? JetstreamOutline.version2(bytes, filter) : JetstreamOutline.version1(bytes, filter)
            if case .unwanted(let value) = outline {
                sinceAudit += 1
                if wire == .jetstream1 { witnessed = max(witnessed, value) }
                guard sinceAudit >= Self.auditInterval else { return .missed(value: value) }
                sinceAudit = 0
                isAudit = true
            }
        }
        let content = decodeFully(bytes)
        if isAudit, !content.events.isEmpty { trustsOutline = false }
        return .read(content)
    }

    private mutating func decodeFully(_ bytes: RawSpan) -> WireContent {
        let json: JSONValue
        do { json = try JSONValue(parsing: bytes) } catch {
            return rejected(bytes, nil, .malformed, error.description)
        }
        let fields: JetstreamFields
        do throws(JetstreamFields.Failure) {
            fields = wire == .jetstream2 ? try JetstreamFields(version2: json) : try JetstreamFields(version1: json)
        } catch {
            return rejected(bytes, error.value, error.reason, error.detail)
        }
        if let moment = fields.witnessed { witnessed = max(witnessed, moment) }
        var content = WireContent(value: fields.value, notice: fields.notice)
        if let value = fields.value, let did = fields.did, let body = fields.body, isWanted(body) {
            let position = StreamPosition(host: host, wire: wire, value: value, witnessed: witnessed)
            content.events = [StreamEvent(position: position, did: did, body: body)]
        }
        return content
    }

    private func isWanted(_ body: StreamEvent.Body) -> Bool {
        guard case .commit(let commit) = body else { return true }
        return filter.wants(commit.collection.text)
    }

    private func rejected(
        _ bytes: RawSpan,
        _ value: Int64?,
        _ reason: RejectedMessage.Reason,
        _ detail: String
    ) -> WireContent {
        let message = RejectedMessage(
            host: host,
            wire: wire,
            value: value,
            reason: reason,
            detail: detail,
            borrowing: bytes
        )
        return WireContent(value: value, rejected: [message])
    }
}
