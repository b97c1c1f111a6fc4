internal import ATProtocol
package import Network

/// Decodes the messages of a host into events, for all wire protocols.
///
/// It is one struct without existentials that is changed in place, so nothing is copied for an unwanted message.
package struct WireDecoder: Sendable {
    private enum Format {
        case jetstream1
        case jetstream2
        case relay
    }

    let host: String
    let wire: StreamWire
    let filter: CollectionFilter
    let verification: StreamConfiguration.Verification
    let clock: any WallClock
    private let format: Format
    var witness: WitnessClock
    /// The times that servers behind a relay have written.
    var times = ServerTimes()
    /// How many commits of a relay were skipped since the last one whose time was read.
    var sinceSample = Self.sampling

    /// - Parameters:
    ///   - host: the host name for positions.
    ///   - wire: the wire protocol of the host.
    ///   - configuration: the wanted collections, and how much of a relay's data is verified.
    ///   - witnessed: the time at which reading begins.
    ///   - isCertain: whether that time comes from a stream.
    ///   - clock: the wall clock.
    package init(
        host: String,
        wire: StreamWire,
        configuration: StreamConfiguration,
        witnessed: Int64,
        isCertain: Bool = true,
        clock: any WallClock = SystemClock()
    ) {
        self.host = host
        self.wire = wire
        self.clock = clock
        format = wire == .relay ? .relay : wire == .jetstream2 ? .jetstream2 : .jetstream1
        filter = CollectionFilter(configuration.collections)
        verification = configuration.verification
        witness = WitnessClock(witnessed, isCertain: isCertain, clock: clock)
    }

    /// When the host saw the last event that it sent, in microseconds since the Unix epoch.
    var witnessed: Int64 { witness.value }

    /// Whether ``witnessed`` comes from the stream, and not only from our clock.
    var isCertain: Bool { witness.isCertain }

    /// Decodes one message; never fails, but returns a message that cannot be understood as rejected.
    package mutating func decode(_ encoding: WireEncoding, _ bytes: RawSpan) -> WireMessage {
        guard (encoding == .binary) == (format == .relay) else {
            let detail = encoding == .binary ? "it is a binary message" : "it is a text message"
            return .read(rejected(bytes, nil, .malformed, detail))
        }
        switch format {
        case .relay: return decodeRelay(bytes)
        case .jetstream2:
            if let value = JetstreamHead.unwanted(version2: bytes, filter) { return .missed(value: value) }
            if let fields = JetstreamHead.ofAccount(version2: bytes) { return .read(content(of: fields)) }
        case .jetstream1:
            // If accounts must confirm the time, the account is needed, and only the full parser reads it.
            if let value = JetstreamHead.unwanted(version1: bytes, filter), witness.observe(value, of: nil) {
                return .missed(value: value)
            }
            if let fields = JetstreamHead.ofAccount(version1: bytes) { return .read(content(of: fields)) }
        }
        return .read(decodeJetstream(bytes))
    }

    /// Makes an event at a position.
    func event(_ value: Int64, _ did: DID, _ body: StreamEvent.Body) -> StreamEvent {
        let position = StreamPosition(host: host, wire: wire, value: value, witnessed: witnessed)
        return StreamEvent(position: position, did: did, body: body)
    }

    /// Makes a rejected message for a message or a part of it.
    func rejected(
        _ bytes: RawSpan,
        _ value: Int64?,
        _ reason: RejectedEvent.Reason,
        _ detail: String,
        of account: DID? = nil
    ) -> WireContent {
        let event = RejectedEvent(
            host: host,
            wire: wire,
            value: value,
            account: account,
            reason: reason,
            detail: detail,
            borrowing: bytes
        )
        return WireContent(value: place(value), rejected: [event])
    }

    /// The position to store; a position of v1 is a time, and limited to the time that is believed.
    func place(_ value: Int64?) -> Int64? { format == .jetstream1 ? value.map { min($0, witnessed) } : value }
}

extension StreamEvent.Body {
    /// Reads an account event of the named kind; nil for other kinds.
    init?(_ kind: String, _ json: JSONValue) {
        switch kind {
        case "identity": self = .identity(handle: json["handle"]?.string.flatMap { try? Handle($0) })
        case "account":
            guard let isActive = json["active"]?.bool else { return nil }
            self = .account(isActive: isActive, status: json["status"]?.string)
        case "sync":
            guard let rev = json["rev"]?.string else { return nil }
            self = .sync(rev: rev)
        default: return nil
        }
    }
}

extension WireContent.Notice {
    /// Reads a message about the stream.
    init(isError: Bool, name: JSONValue?, _ json: JSONValue) {
        self.isError = isError
        self.name = name?.string ?? ""
        message = json["message"]?.string ?? ""
    }
}
