/// Proves that a connection goes on where the last one ended, or finds that it does not.
///
/// Every resumed connection begins a little before the end of the last one. Seeing one of the last events again, at
/// its place, proves that nothing lies between; passing their place without having seen any proves nothing, and that is
/// declared. It catches silent clamps, future cursors that are silently live, and sequences that were issued anew,
/// whatever the server says or leaves unsaid.
struct ContinuityCheck: Sendable {
    /// What has been found out.
    enum Finding: Sendable, Equatable {
        /// An event of the last connection was seen again at this value.
        case continuous(at: Int64)
        /// The stream does not provably go on where it ended.
        case broken(StreamGap.Reason, detail: String)
    }

    private enum State {
        case settled
        case expecting(StreamEvidence, since: Int64)
    }

    private let wire: StreamWire
    private let limit: Int64
    /// Whether a silence, or nothing but what is older, is an answer: something known had to come first.
    private let mustBeShown: Bool
    private var state: State

    /// - Parameters:
    ///   - resume: what was asked for.
    ///   - wire: the wire.
    init(_ resume: ResumePoint, wire: StreamWire) {
        self.wire = wire
        limit = resume.reached
        mustBeShown = wire != .jetstream1 || resume.isAhead
        // Where a gap is declared anyway nothing can be proven, and a first beginning has nothing to prove.
        if case .position(let requested) = resume.cursor, resume.reached > 0, resume.gap == nil {
            state = .expecting(resume.evidence, since: requested)
        } else {
            state = .settled
        }
    }

    /// Whether nothing is left to find out.
    var isSettled: Bool {
        if case .settled = state { true } else { false }
    }

    /// Takes note of a message.
    ///
    /// - Parameters:
    ///   - value: its position.
    ///   - digest: of its event; nil when it was passed over.
    /// - Returns: what this message settles; nil when nothing, or when all is settled.
    mutating func observe(value: Int64, digest: UInt64?) -> Finding? {
        guard case .expecting(let evidence, let requested) = state else { return nil }
        let finding = early(value, requested) ?? samePlace(evidence, value, digest) ?? late(value)
        if finding != nil { state = .settled }
        return finding
    }

    /// Takes note that a gap is declared whatever comes.
    mutating func settle() { state = .settled }

    /// Takes note that nothing new has come for as long as the first of the known events may take.
    mutating func observeSilence() -> Finding? {
        guard mustBeShown, case .expecting(let evidence, let requested) = state,
            !evidence.items.isEmpty
        else { return nil }
        state = .settled
        return .broken(.sequenceChanged, detail: "no known event came although \(requested) was asked for")
    }

    private func samePlace(_ evidence: StreamEvidence, _ value: Int64, _ digest: UInt64?) -> Finding? {
        guard let digest else { return nil }
        // Several events of one relay commit share a sequence number, and microseconds can collide.
        let known = evidence.items.filter { $0.value == value }
        if known.contains(where: { $0.digest == digest }) { return .continuous(at: value) }
        guard wire == .jetstream2, !known.isEmpty else { return nil }
        return .broken(.sequenceChanged, detail: "position \(value) now belongs to another event")
    }

    private func early(_ value: Int64, _ requested: Int64) -> Finding? {
        // Jetstream v1 does not order its events by time exactly.
        guard wire != .jetstream1, value < requested else { return nil }
        return .broken(.sequenceChanged, detail: "position \(value) came although \(requested) was asked for")
    }

    private func late(_ place: Int64) -> Finding? {
        guard place > limit else { return nil }
        return .broken(.overlapMissing, detail: "none of the last known events came again")
    }
}
