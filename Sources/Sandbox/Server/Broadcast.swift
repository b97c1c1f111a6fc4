internal import Synchronization

/// Hands each element to everyone who listens, so that a test waits for an event and never for a time.
final class Broadcast<Element: Sendable>: Sendable {
    private struct State {
        var listeners: [Int: AsyncStream<Element>.Continuation] = [:]
        var number = 0
    }

    private let state = Mutex(State())

    /// The elements from now on; ends when the listener's task does.
    func stream() -> AsyncStream<Element> {
        let (stream, continuation) = AsyncStream.makeStream(of: Element.self)
        let number = state.withLock { state in
            state.number += 1
            state.listeners[state.number] = continuation
            return state.number
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.listeners.removeValue(forKey: number) }
        }
        return stream
    }

    /// Gives one element to all.
    func send(_ element: Element) {
        for listener in state.withLock({ Array($0.listeners.values) }) { listener.yield(element) }
    }
}
