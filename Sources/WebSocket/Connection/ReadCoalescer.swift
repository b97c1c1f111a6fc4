/// Decides when a drained reader rests, so that one wake-up brings several messages.
///
/// On a live stream the cost is in wake-ups, not in parsing. There is at most one wake-up per period: a message after a
/// quiet time is read at once, and messages that follow within the period wait for its end.
struct ReadCoalescer: Sendable {
    /// A period that brings this many bytes is busy: the connection is catching up, or a rest would save nothing.
    ///
    /// It is less than the receive window at the start of a connection (64 KiB), because no more can arrive during a
    /// rest.
    static let busy = 48 << 10
    /// After a busy period the reader does not rest for this many periods, so that the window can grow.
    private static let busyPeriods = 10

    private let rest: MonotonicTime.Span?
    private let busySpan: MonotonicTime.Span
    private var busyUntil: MonotonicTime?
    private var lastWake: MonotonicTime?
    private var bytes = 0

    /// A coalescer with this period; zero means no rests.
    init(rest: Duration) {
        self.rest = rest > .zero ? MonotonicTime.Span(rest) : nil
        busySpan = MonotonicTime.Span(rest * Self.busyPeriods)
    }

    /// Counts bytes that were read.
    mutating func received(_ count: Int) { bytes += count }

    /// A wait has ended, and the socket will be read.
    mutating func woke(_ now: MonotonicTime) {
        lastWake = now
        if bytes >= Self.busy { busyUntil = now + busySpan }
        bytes = 0
    }

    /// A read brought nothing, so the next message is read at once.
    mutating func foundNothing() { lastWake = nil }

    /// When the rest ends that a drained reader should take now; nil for no rest.
    func restEnd(_ now: MonotonicTime) -> MonotonicTime? {
        guard let rest, bytes < Self.busy, let lastWake, !(busyUntil.map { now < $0 } ?? false) else { return nil }
        let end = lastWake + rest
        return now < end ? end : nil
    }
}
