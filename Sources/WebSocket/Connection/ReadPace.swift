/// Decides when a drained reader rests, so that one wake-up brings several messages.
///
/// A live stream costs wake-ups, not parsing. At most one wake-up in each period: a message after a quiet time is read
/// at once, those that follow within the period wait for its end.
struct ReadPace: Sendable {
    /// A period that brings this many bytes is catching up, or busy enough that a rest saves nothing.
    ///
    /// Less than the receive window that a connection begins with (64 KiB): more cannot come while the reader rests.
    static let busy = 48 << 10
    /// So many periods pass without a rest after a busy one, in which the window can grow.
    private static let busyPeriods = 10

    private let rest: MonotonicTime.Span?
    private let busySpan: MonotonicTime.Span
    private var busyUntil: MonotonicTime?
    private var lastWake: MonotonicTime?
    private var bytes = 0

    /// A pace with this period, zero for no rests.
    init(rest: Duration) {
        self.rest = rest > .zero ? MonotonicTime.Span(rest) : nil
        busySpan = MonotonicTime.Span(rest * Self.busyPeriods)
    }

    /// Counts what was read.
    mutating func received(_ count: Int) { bytes += count }

    /// A wait is over, and the socket will be read.
    mutating func woke(_ now: MonotonicTime) {
        lastWake = now
        if bytes >= Self.busy { busyUntil = now + busySpan }
        bytes = 0
    }

    /// A read has brought nothing: the next message shall be read at once.
    mutating func foundNothing() { lastWake = nil }

    /// Until when to rest now that the socket is drained, nil for not at all.
    func restEnd(_ now: MonotonicTime) -> MonotonicTime? {
        guard let rest, bytes < Self.busy, let lastWake, !(busyUntil.map { now < $0 } ?? false) else { return nil }
        let end = lastWake + rest
        return now < end ? end : nil
    }
}
