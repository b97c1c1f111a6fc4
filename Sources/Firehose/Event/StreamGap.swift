public import ATProtocol

/// A part of the stream that was not received, or not provably; a sweep closes it.
public struct StreamGap: Sendable, Hashable {
    /// Why a gap is declared; stable in logs and metrics.
    public struct Reason: RawRepresentable, Sendable, Hashable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The host no longer has our position.
        public static let cursorTooOld = Reason(rawValue: "cursor-too-old")
        /// The host said that it starts later than we asked.
        public static let outdatedCursor = Reason(rawValue: "outdated-cursor")
        /// The host continued after our position, without any of the events that we know.
        public static let overlapMissing = Reason(rawValue: "overlap-missing")
        /// The host assigned our position to another event: its sequence was restarted.
        public static let sequenceChanged = Reason(rawValue: "sequence-changed")
        /// The next host cannot start at a time, so what is between the hosts is unknown.
        public static let hostChanged = Reason(rawValue: "host-changed")
        /// A message was skipped because it is too large.
        public static let messageTooLarge = Reason(rawValue: "message-too-large")
        /// Our clock or a host's clock was wrong when the stored position was written.
        public static let clockChanged = Reason(rawValue: "clock-changed")
        /// A relay reported that a repository was replaced, but not which records are new.
        public static let repositoryReplaced = Reason(rawValue: "repository-replaced")
        /// An operator asked for a sweep.
        public static let operatorRequest = Reason(rawValue: "operator-request")

        /// The reasons that come from streams.
        static let ofStreams: [Reason] = [
            .cursorTooOld, .outdatedCursor, .overlapMissing, .sequenceChanged, .hostChanged, .messageTooLarge,
            .clockChanged,
        ]
    }

    /// The host on which the gap was noticed; for a gap in one repository, the account's DID.
    public var host: String
    /// The wire protocol of the host.
    public var wire: StreamWire
    /// The start in microseconds since the Unix epoch; everything before it was received.
    public var from: Int64
    /// The end in microseconds since the Unix epoch; everything from here on is received.
    public var until: Int64
    /// Why the gap is declared.
    public var reason: Reason

    /// The only account whose records may be missing; nil when any may be.
    public var account: DID? {
        guard reason == .repositoryReplaced else { return nil }
        return try? DID(host)
    }

    public init(host: String, wire: StreamWire, from: Int64, until: Int64, reason: Reason) {
        self.host = host
        self.wire = wire
        self.from = from
        self.until = max(from, until)
        self.reason = reason
    }
}
