internal import Network

/// Where a connection begins, and what it must show.
struct ResumePoint: Sendable, Equatable {
    /// How the request says where to begin.
    enum Cursor: Sendable, Equatable {
        /// No cursor: begin with live events.
        case live
        /// A position that this host gave.
        case position(Int64)
        /// A time, in microseconds since the Unix epoch.
        case time(Int64)
    }

    var cursor: Cursor
    /// All events up to this time were received; microseconds since the Unix epoch.
    var witnessed: Int64
    /// Whether ``witnessed`` comes from a stream, and not only from our clock.
    private(set) var isCertain = false
    /// The last position reached on this host; 0 if there is none, or it belongs to another host.
    var reached: Int64
    /// The last events from this host; empty when there are none.
    var overlap: ResumeOverlap
    /// A gap that cannot be avoided; it is declared with the first message after ``gapPlace``.
    var gap: StreamGap.Reason?
    /// The last position before a message that is too large; nil when there is none.
    var poison: Int64?
    /// Whether to ask the host to omit messages that are too large.
    var leavesOutLargeMessages = false
    /// Whether the cursor is in the future by our clock, so that the host may silently begin with live events.
    private(set) var isAhead = false
    /// Whether this is the very first connection, so that no earlier event can be missing.
    private(set) var isFirst = false

    /// The last position before the gap; 0 when the gap begins at once.
    var gapPlace: Int64 { gap == .messageTooLarge ? poison ?? 0 : 0 }

    /// Decides where to begin on a host.
    ///
    /// - Parameters:
    ///   - host: the host.
    ///   - wire: its wire protocol.
    ///   - known: the stored positions of all hosts and wires.
    ///   - open: the hosts that are being read.
    ///   - distrusted: why this host's position is useless; nil when it is not.
    ///   - now: the current time.
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
            // By time, so that nothing is lost if the connection breaks before its first event.
            let start = (now - configuration.initialMargin).microseconds
            self.init(cursor: .time(start), witnessed: start)
            isFirst = true
            if wire == .relay { cursor = .live }
            return
        }
        // While nothing has been read, the planned start of the first reading counts. A time in the future cannot have
        // been reached: our clock, or a host's clock, was wrong.
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
        // Read everything that the host has seen since we left it; events that others have delivered meanwhile are
        // recognised. On a relay that is the traffic of the whole network, so after some minutes a sweep costs less.
        let patience = wire == .relay && configuration.parallelHosts == 1 ? Self.relayPatience : Int64.max / 2
        if let own, distrusted == nil,
            believed.map({ own.position.witnessed >= $0.position.witnessed - patience }) ?? true
        {
            overlap = ResumeOverlap(own.evidence)
            // A position of v1 is a time. If it is after the time that is believed, it is not believed either.
            reached = wire == .jetstream1 ? min(own.position.value, own.position.witnessed) : own.position.value
            if wire == .jetstream1 {
                overlap.cut(behind: reached)
                isAhead = reached > latest
            }
            witnessed = min(witnessed, own.position.witnessed)
            let oldest = overlap.items.map(\.value).min() ?? reached
            // One earlier, because some relays treat a cursor as exclusive.
            cursor = .position(max(1, min(oldest, reached) - (wire == .jetstream2 ? 0 : 1)))
        } else if wire == .relay || distrusted != nil || believed == nil || Self.isLeft(read, open) {
            // Times are times of arrival at each host. So a host that we no longer read may have received events late
            // that this host does not show.
            if wire == .relay { cursor = .live }
            gap = distrusted ?? (believed == nil ? .clockChanged : .hostChanged)
        }
    }

    /// Whether a host that was read before is not read any more.
    private static func isLeft(_ read: [StoredPosition], _ open: Set<Upstream>) -> Bool {
        read.contains { stored in
            !open.contains { $0.name == stored.position.host && $0.wire == stored.position.wire }
        }
    }

    /// Changes the beginning so that the connection gets past the message at which the last one ended.
    mutating func avoid(_ poison: PoisonMessage, on wire: StreamWire) {
        self.poison = poison.place
        leavesOutLargeMessages = poison.isLeftOut(by: wire)
        if let detour = poison.detour(on: wire) {
            cursor = detour
            overlap = ResumeOverlap()
            gap = .messageTooLarge
        } else if leavesOutLargeMessages {
            gap = .messageTooLarge
        }
    }

    /// How much older than another host's a relay's own position may be, in microseconds.
    private static let relayPatience = Int64(600_000_000)

    private init(cursor: Cursor, witnessed: Int64) {
        self.cursor = cursor
        self.witnessed = witnessed
        reached = 0
        overlap = ResumeOverlap()
    }
}
