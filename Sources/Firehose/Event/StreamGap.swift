public import ATProtocol

/// A stretch of the stream that was lost, or that nobody can prove was not: to be closed by a sweep.
public struct StreamGap: Sendable, Hashable {
    /// Why it is declared, stable in logs and metrics.
    public struct Reason: RawRepresentable, Sendable, Hashable {
        /// The stable name.
        public let rawValue: String

        /// A reason of this name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The host no longer keeps our position.
        public static let cursorTooOld = Reason(rawValue: "cursor-too-old")
        /// The host said that it starts later than asked.
        public static let outdatedCursor = Reason(rawValue: "outdated-cursor")
        /// The host went on behind our position, without any of the events that we already knew.
        public static let overlapMissing = Reason(rawValue: "overlap-missing")
        /// The host gave our position to another event: its sequence started anew.
        public static let sequenceChanged = Reason(rawValue: "sequence-changed")
        /// The next host cannot start at a time, so the stretch between the hosts is unknown.
        public static let hostChanged = Reason(rawValue: "host-changed")
        /// A message was passed over because it is larger than any that is accepted.
        public static let messageTooLarge = Reason(rawValue: "message-too-large")
        /// Our clock, or a host's, was wrong when the position was stored that reading goes on from.
        public static let clockChanged = Reason(rawValue: "clock-changed")
        /// A relay told that a repository is another now, and nothing of what is new in it.
        public static let repositoryReplaced = Reason(rawValue: "repository-replaced")
        /// An operator asked for a sweep.
        public static let operatorRequest = Reason(rawValue: "operator-request")

        /// The reasons that a stream itself gives.
        static let ofStreams: [Reason] = [
            .cursorTooOld, .outdatedCursor, .overlapMissing, .sequenceChanged, .hostChanged, .messageTooLarge,
            .clockChanged,
        ]
    }

    /// The host on which it was noticed; of one repository alone the account whose it is.
    public var host: String
    /// The wire of that host.
    public var wire: StreamWire
    /// Its beginning, in microseconds since the Unix epoch: everything before was received.
    public var from: Int64
    /// Its end, in microseconds since the Unix epoch: everything from here on is received.
    public var until: Int64
    /// Why it is declared.
    public var reason: Reason

    /// Whose repository alone may hold what is missing; nil when that may be anybody's.
    public var account: DID? {
        guard reason == .repositoryReplaced else { return nil }
        return try? DID(host)
    }

    /// A gap with these parts.
    public init(host: String, wire: StreamWire, from: Int64, until: Int64, reason: Reason) {
        self.host = host
        self.wire = wire
        self.from = from
        self.until = max(from, until)
        self.reason = reason
    }
}
