/// A message that is too large for us, and that a host sends again with each connection.
///
/// A Jetstream is asked to omit such messages. If that does not help, reading resumes a step after the last position,
/// and each further step is twice as long. What is skipped is declared as a gap.
struct PoisonMessage: Sendable, Equatable {
    /// The last position before the message.
    private(set) var place: Int64
    /// How many connections in a row ended at the message.
    private(set) var meetings = 0

    init(after place: Int64) { self.place = place }

    /// Records that a connection ended at a message that is too large, this one or another.
    mutating func meet(after place: Int64) {
        guard place == self.place else {
            self = PoisonMessage(after: place)
            meetings = 1
            return
        }
        meetings += 1
    }

    /// Whether the host can be asked to omit large messages.
    func isLeftOut(by wire: StreamWire) -> Bool { wire != .relay }

    /// Where to begin instead, when asking did not help; nil to begin as usual.
    ///
    /// A relay cannot be asked. But the second connection first reads what is between the last stored position and the
    /// message.
    func detour(on wire: StreamWire) -> ResumePoint.Cursor? {
        guard meetings > 1 else { return nil }
        guard place > 0 else { return .live }
        // A position of v1 is a microsecond, and most microseconds have no event.
        let unit: Int64 = wire == .jetstream1 ? 100_000 : 1
        return .position(place + unit << Int64(min(meetings - 2, 32)))
    }
}
