/// Proves that a connection continues where the last one ended, or finds that it does not.
///
/// Each resumed connection begins a little before the end of the last one. If it shows one of the last events again, at
/// the same position, nothing is missing in between. If it passes their positions without showing any, nothing is
/// proven, and a gap is declared. This detects cursors that are silently clamped, future cursors that silently become
/// live ones, and restarted sequences, whatever the server says or omits.
struct ContinuityCheck: Sendable {
    /// The result of the check.
    enum Finding: Sendable, Equatable {
        /// An event of the last connection was seen again at this position.
        case continuous(at: Int64)
        /// The stream does not provably continue where it ended.
        case broken(StreamGap.Reason, detail: String)
    }

    private enum State {
        case settled
        case expecting(ResumeOverlap, since: Int64)
    }

    private let wire: StreamWire
    private let limit: Int64
    /// Whether a known event had to come first, so that a silence, or only older messages, also answers the question.
    private let mustBeShown: Bool
    private var state: State

    /// - Parameters:
    ///   - resume: where the connection begins.
    ///   - wire: the wire protocol.
    init(_ resume: ResumePoint, wire: StreamWire) {
        self.wire = wire
        limit = resume.reached
        mustBeShown = wire != .jetstream1 || resume.isAhead
        // If a gap is declared anyway, nothing can be proven; a first connection has nothing to prove.
        if case .position(let requested) = resume.cursor, resume.reached > 0, resume.gap == nil {
            state = .expecting(resume.overlap, since: requested)
        } else {
            state = .settled
        }
    }

    /// Whether the check has a result.
    var isSettled: Bool {
        if case .settled = state { true } else { false }
    }

    /// Records a message.
    ///
    /// - Parameters:
    ///   - value: its position.
    ///   - digest: the digest of its event; nil when it was skipped.
    /// - Returns: the result, if this message gives one; nil if it does not, or if there was one before.
    mutating func observe(value: Int64, digest: UInt64?) -> Finding? {
        guard case .expecting(let overlap, let requested) = state else { return nil }
        let finding = early(value, requested) ?? samePlace(overlap, value, digest) ?? late(value)
        if finding != nil { state = .settled }
        return finding
    }

    /// Ends the check, because a gap is declared anyway.
    mutating func settle() { state = .settled }

    /// Records that nothing new came within the time that the first known event may take.
    mutating func observeSilence() -> Finding? {
        guard mustBeShown, case .expecting(let overlap, let requested) = state,
            !overlap.items.isEmpty
        else { return nil }
        state = .settled
        return .broken(.sequenceChanged, detail: "no known event came although \(requested) was asked for")
    }

    private func samePlace(_ overlap: ResumeOverlap, _ value: Int64, _ digest: UInt64?) -> Finding? {
        guard let digest else { return nil }
        // Events of one relay commit share a sequence number, and two events may have the same microsecond.
        let known = overlap.items.filter { $0.value == value }
        if known.contains(where: { $0.digest == digest }) { return .continuous(at: value) }
        guard wire == .jetstream2, !known.isEmpty else { return nil }
        return .broken(.sequenceChanged, detail: "position \(value) now belongs to another event")
    }

    private func early(_ value: Int64, _ requested: Int64) -> Finding? {
        // Jetstream v1 does not send its events strictly in order of time.
        guard wire != .jetstream1, value < requested else { return nil }
        return .broken(.sequenceChanged, detail: "position \(value) came although \(requested) was asked for")
    }

    private func late(_ place: Int64) -> Finding? {
        guard place > limit else { return nil }
        return .broken(.overlapMissing, detail: "none of the last known events came again")
    }
}
