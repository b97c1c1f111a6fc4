internal import Synchronization

/// Carries a handler, which may not be copyable, to the connection's thread; it can be taken once.
final class HandlerSlot<Handler: WebSocketHandler & ~Copyable>: Sendable {
    private let handler: Mutex<Handler?>

    /// A slot that holds the handler.
    init(_ handler: consuming sending Handler) { self.handler = Mutex(consume handler) }

    /// Takes the handler out; nil the second time.
    func take() -> sending Handler? {
        handler.withLock { $0.take() }
    }
}
