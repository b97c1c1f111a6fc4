/// A message that is larger than any we accept, and that a host sends again with every connection.
///
/// A Jetstream is asked to leave such messages out. Where that is no help, reading goes on a step behind the last
/// place that was reached, each time twice as far as the time before. What is passed over is declared as a gap.
struct OversizeObstacle: Sendable, Equatable {
    /// The last position before it.
    private(set) var place: Int64
    /// The connections in a row that ended at it.
    private(set) var meetings = 0

    init(after place: Int64) { self.place = place }

    /// Takes note that a connection ended at it, or at another one.
    mutating func meet(after place: Int64) {
        guard place == self.place else {
            self = OversizeObstacle(after: place)
            meetings = 1
            return
        }
        meetings += 1
    }

    /// Whether the host is asked to leave out what is too large.
    func isLeftOut(by wire: StreamWire) -> Bool { wire != .relay }

    /// Where to begin instead, once asking has not helped; nil to begin as usual.
    ///
    /// A relay cannot be asked, but what lies between the last stored position and the obstacle is read first.
    func detour(on wire: StreamWire) -> ResumePoint.Cursor? {
        guard meetings > 1 else { return nil }
        guard place > 0 else { return .live }
        // Positions of v1 are microseconds, of which there is hardly an event in each.
        let unit: Int64 = wire == .jetstream1 ? 100_000 : 1
        return .position(place + unit << Int64(min(meetings - 2, 32)))
    }
}
