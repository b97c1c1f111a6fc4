/// Decides when to ping a silent connection and when to give it up.
struct KeepAlive: Sendable {
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

    init(_ settings: WebSocketConfiguration.Liveness, now: MonotonicTime) {
        deadAfter = MonotonicTime.Span(settings.deadAfter)
        pingAfter = min(MonotonicTime.Span(settings.pingAfter), deadAfter)
        lastReceived = now
    }

    /// The next moment at which something is due.
    var deadline: MonotonicTime { lastReceived + (isAsked ? deadAfter : pingAfter) }

    /// Records that bytes arrived: any byte shows that the server is alive.
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
