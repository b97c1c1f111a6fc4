/// Where a connection stands between the 101 and the end of TCP (RFC 6455 §7.1).
struct Phase: Sendable {
    /// The stages in their order.
    ///
    /// Looked at for every message, so it stands by itself: an enum that carried the outcome would be copied each time.
    enum Stage: Sendable {
        /// Messages flow both ways.
        case open
        /// Our close frame is on its way; the server's is awaited.
        case closing
        /// The outcome is decided; the server is given the time to end TCP first, as it should (RFC 6455 §7.1.1).
        case ending
    }

    /// Where the connection stands.
    private(set) var stage = Stage.open
    /// How it ends if nothing more comes; nil while open.
    private(set) var outcome: Result<WebSocketClosure, WebSocketFailure>?
    /// When the wait is over; nil while open.
    private(set) var deadline: MonotonicTime?

    /// Whether messages are handed out.
    @inline(__always) var isOpen: Bool { stage == .open }

    /// Our close frame has been queued.
    mutating func close(_ closure: WebSocketClosure, until deadline: MonotonicTime) {
        stage = .closing
        outcome = .success(closure)
        self.deadline = deadline
    }

    /// The outcome is decided.
    mutating func end(_ outcome: Result<WebSocketClosure, WebSocketFailure>, until deadline: MonotonicTime) {
        stage = .ending
        self.outcome = outcome
        self.deadline = deadline
    }
}
