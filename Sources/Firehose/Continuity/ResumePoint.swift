internal import Network

/// Where a connection asks to begin, and what that must show.
struct ResumePoint: Sendable, Equatable {
    /// How the request says where to begin.
    enum Cursor: Sendable, Equatable {
        /// Not at all: from now on.
        case live
        /// At a position of this very host.
        case position(Int64)
        /// At a time, in microseconds since the Unix epoch.
        case time(Int64)
    }

    /// Where to begin.
    var cursor: Cursor
    /// Everything up to here is received: microseconds since the Unix epoch.
    var witnessed: Int64
    /// Whether a stream has told ``witnessed``, and not our clock alone.
    private(set) var isCertain = false
    /// The last position on this host that was reached; 0 when it is another host's or none.
    var reached: Int64
    /// The last events of this host; empty when nothing was ever received.
    var evidence: StreamEvidence
    /// A gap that this beginning cannot avoid, to be declared with the first message behind ``gapPlace``.
    var gap: StreamGap.Reason?
    /// The last position before a message that is too large; nil when none is known.
    var obstacle: Int64?
    /// Whether the host is to leave out messages that are too large.
    var leavesOutLargeMessages = false
    /// Whether the host is asked for what our clock calls the future, and may begin with the present without a word.
    private(set) var isAhead = false
    /// Whether following has just begun: nothing is behind it that could be missing.
    private(set) var isFirst = false

    /// The last position before the gap; 0 when it begins at once.
    var gapPlace: Int64 { gap == .messageTooLarge ? obstacle ?? 0 : 0 }

    /// The place to begin on a host.
    ///
    /// - Parameters:
    ///   - host: the host.
    ///   - wire: its wire.
    ///   - known: what is stored for every host and wire.
    ///   - open: the hosts that are being read.
    ///   - distrusted: why the position of this host is known to be useless; nil when it is not.
    ///   - now: the time.
    ///   - configuration: margins.
    init(
        host: String,
        wire: StreamWire,
        known: [StoredPosition],
        open: Set<Upstream> = [],
        distrusted: StreamGap.Reason?,
        now: UnixTime,
        configuration: StreamConfiguration
    ) {
        let margin = configuration.hostChangeMargin.microseconds
        guard !known.isEmpty else {
            // Asked for by time, so that a connection that breaks before its first event loses nothing.
            let start = (now - configuration.initialMargin).microseconds
            self.init(cursor: .time(start), witnessed: start)
            isFirst = true
            if wire == .relay { cursor = .live }
            return
        }
        // Where a first reading was to begin counts as long as nothing was read. What stands in the future is no time that
        // anything was read up to: our clock, or a host's, was wrong.
        let latest = now.microseconds + WitnessClock.tolerance
        let read = known.filter { $0.position.value > 0 }
        let believed = (read.isEmpty ? known : read).filter { $0.position.witnessed <= latest }.max {
            $0.position.witnessed < $1.position.witnessed
        }
        if let believed {
            let witnessed = believed.position.witnessed
            self.init(cursor: .time(witnessed - margin), witnessed: witnessed)
            isCertain = believed.position.value > 0
            let start = witnessed + configuration.initialMargin.microseconds
            isFirst = !isCertain && now.microseconds - start < margin
        } else {
            let certain = now - configuration.doubtMargin
            self.init(cursor: .time(now.microseconds - margin), witnessed: certain.microseconds)
        }
        let own = known.first { $0.position.host == host && $0.position.wire == wire && $0.position.value > 0 }
        // A host is asked for all that it has seen since it was left: what others have shown meanwhile is told once. Of a
        // relay that is the whole network's traffic, and after some minutes a sweep is less.
        let patience = wire == .relay && configuration.parallelHosts == 1 ? Self.relayPatience : Int64.max / 2
        if let own, distrusted == nil,
            believed.map({ own.position.witnessed >= $0.position.witnessed - patience }) ?? true
        {
            evidence = StreamEvidence(own.evidence)
            // A position of v1 is a time, and one behind what is believed is no more so than any other.
            reached = wire == .jetstream1 ? min(own.position.value, own.position.witnessed) : own.position.value
            if wire == .jetstream1 {
                evidence.cut(behind: reached)
                isAhead = reached > latest
            }
            witnessed = min(witnessed, own.position.witnessed)
            let oldest = evidence.items.map(\.value).min() ?? reached
            // One before it: some relays read a cursor as exclusive.
            cursor = .position(max(1, min(oldest, reached) - (wire == .jetstream2 ? 0 : 1)))
        } else if wire == .relay || distrusted != nil || believed == nil || Self.isLeft(read, open) {
            // A host that is read no more may owe what it has received late, whatever this one shows: times are those of
            // arrival, on each host its own.
            if wire == .relay { cursor = .live }
            gap = distrusted ?? (believed == nil ? .clockChanged : .hostChanged)
        }
    }

    /// Whether a host that was read is not read any more.
    private static func isLeft(_ read: [StoredPosition], _ open: Set<Upstream>) -> Bool {
        read.contains { stored in
            !open.contains { $0.name == stored.position.host && $0.wire == stored.position.wire }
        }
    }

    /// Lets the connection get past what the last one ended at.
    mutating func avoid(_ obstacle: OversizeObstacle, on wire: StreamWire) {
        self.obstacle = obstacle.place
        leavesOutLargeMessages = obstacle.isLeftOut(by: wire)
        if let detour = obstacle.detour(on: wire) {
            cursor = detour
            evidence = StreamEvidence()
            gap = .messageTooLarge
        } else if leavesOutLargeMessages {
            gap = .messageTooLarge
        }
    }

    /// How much older than another host's a relay's own position may be.
    private static let relayPatience = Int64(600_000_000)

    private init(cursor: Cursor, witnessed: Int64) {
        self.cursor = cursor
        self.witnessed = witnessed
        reached = 0
        evidence = StreamEvidence()
    }
}
