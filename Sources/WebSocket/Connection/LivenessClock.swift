/// Decides when a silent connection is asked and when it is given up.
struct LivenessClock: Sendable {
    /// What is due.
    enum Action: Sendable, Equatable {
        case none
        case sendPing
        case giveUp
    }

    private let pingAfter: MonotonicTime.Span
    private let deadAfter: MonotonicTime.Span
    private var lastReceived: MonotonicTime
    private var isAsked = false

    /// A clock that starts now.
    init(_ settings: WebSocketConfiguration.Liveness, now: MonotonicTime) {
        deadAfter = MonotonicTime.Span(settings.deadAfter)
        pingAfter = min(MonotonicTime.Span(settings.pingAfter), deadAfter)
        lastReceived = now
    }

    /// The next moment at which something is due.
    var deadline: MonotonicTime { lastReceived + (isAsked ? deadAfter : pingAfter) }

    /// Any byte is a sign of life.
    mutating func received(at now: MonotonicTime) {
        lastReceived = now
        isAsked = false
    }

    /// What is due at this time.
    mutating func tick(_ now: MonotonicTime) -> Action {
        if now >= lastReceived + deadAfter { return .giveUp }
        guard !isAsked, now >= lastReceived + pingAfter else { return .none }
        isAsked = true
        return .sendPing
    }
}
