internal import Synchronization

/// Moves a handler, which may be noncopyable, to the connection's thread.
final class HandlerTransfer<Handler: WebSocketHandler & ~Copyable>: Sendable {
    private let handler: Mutex<Handler?>

    init(_ handler: consuming sending Handler) { self.handler = Mutex(consume handler) }

    /// Takes the handler out; nil if it has been taken before.
    func take() -> sending Handler? {
        handler.withLock { $0.take() }
    }
}
