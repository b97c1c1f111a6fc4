internal import ATProtocol
package import Network

/// Turns the messages of a host into events, whichever wire it speaks.
///
/// One value without existentials, changed in place: nothing is copied between the socket and a miss.
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
    /// What the accounts behind a relay say of the time.
    var times = ServerTimes()
    /// The commits of a relay that were passed over since the time of one was read.
    var sinceSample = Self.sampling

    /// - Parameters:
    ///   - host: the name that positions carry.
    ///   - wire: what the host speaks.
    ///   - configuration: the collections whose commits are wanted, and what is proven of a relay's.
    ///   - witnessed: what is known before the first message: where reading begins.
    ///   - isCertain: whether a stream has told it.
    ///   - clock: the date.
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

    /// When the host witnessed what it sent last, in microseconds since the Unix epoch.
    var witnessed: Int64 { witness.value }

    /// Whether the stream, and not our clock alone, has told when that was.
    var isCertain: Bool { witness.isCertain }

    /// Decodes one message; never fails, a message that cannot be understood comes back as rejected.
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
            // Where the time needs others' consent, whose message it is stands in the whole of it alone.
            if let value = JetstreamHead.unwanted(version1: bytes, filter), witness.observe(value, of: nil) {
                return .missed(value: value)
            }
            if let fields = JetstreamHead.ofAccount(version1: bytes) { return .read(content(of: fields)) }
        }
        return .read(decodeJetstream(bytes))
    }

    /// An event at a position.
    func event(_ value: Int64, _ did: DID, _ body: StreamEvent.Body) -> StreamEvent {
        let position = StreamPosition(host: host, wire: wire, value: value, witnessed: witnessed)
        return StreamEvent(position: position, did: did, body: body)
    }

    /// A message, or a part of it, that cannot be understood.
    func rejected(
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

    /// Up to where the stream is read: a position of v1 is a time, and may be one that is not believed.
    func place(_ value: Int64?) -> Int64? { format == .jetstream1 ? value.map { min($0, witnessed) } : value }
}

extension StreamEvent.Body {
    /// What happened to an account, by the name of its kind; nil for what is no event of an account.
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
    /// What a message about the stream says.
    init(isError: Bool, name: JSONValue?, _ json: JSONValue) {
        self.isError = isError
        self.name = name?.string ?? ""
        message = json["message"]?.string ?? ""
    }
}
