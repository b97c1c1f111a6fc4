/// Where a connection stands between the 101 and the end of TCP (RFC 6455 §7.1).
struct ClosingState: Sendable {
    /// The stages, in order.
    ///
    /// The stage is read for every message, so it is a property of its own: an enum with the outcome as associated
    /// value would be copied each time.
    enum Stage: Sendable {
        /// Messages flow both ways.
        case open
        /// Our close frame is queued; the server's has not arrived.
        case closing
        /// The outcome is decided; the server has time to close TCP first, as it should (RFC 6455 §7.1.1).
        case ending
    }

    private(set) var stage = Stage.open
    /// How it ends if nothing more comes; nil while open.
    private(set) var outcome: Result<WebSocketClosure, WebSocketError>?
    /// When to stop waiting for the server; nil while open.
    private(set) var deadline: MonotonicTime?

    /// Whether messages are passed to the handler.
    @inline(__always) var isOpen: Bool { stage == .open }

    /// Begins to close: our close frame has been queued.
    mutating func close(_ closure: WebSocketClosure, until deadline: MonotonicTime) {
        stage = .closing
        outcome = .success(closure)
        self.deadline = deadline
    }

    /// Fixes the outcome.
    mutating func end(_ outcome: Result<WebSocketClosure, WebSocketError>, until deadline: MonotonicTime) {
        stage = .ending
        self.outcome = outcome
        self.deadline = deadline
    }
}
