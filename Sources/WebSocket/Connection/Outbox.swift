internal import Network
internal import Synchronization

/// What other threads ask the connection's thread to do.
final class Outbox: Sendable {
    /// One request.
    enum Item: Sendable, Equatable {
        case text([UInt8])
        case binary([UInt8])
        case close(WebSocketCloseCode, String)
    }

    private struct State {
        var items: [Item] = []
        var bytes = 0
        var isOpen = false
    }

    private let state = Mutex(State())
    private let hasItems = Atomic<Bool>(false)
    /// Bytes that were taken out but not yet written to the socket; they count towards the limit.
    private let unsent = Atomic<Int>(0)
    private let limit: Int

    /// An outbox that accepts nothing until it is opened, and then at most `limit` waiting bytes.
    init(limit: Int) { self.limit = limit }

    /// Starts to accept items.
    func open() { state.withLock { $0.isOpen = true } }

    /// Stops accepting items and drops those that wait.
    func close() { state.withLock { $0 = State() } }

    /// Adds an item; false when the connection is not open or the outbox is full.
    func add(_ item: Item) -> Bool {
        state.withLock { state in
            let count =
                switch item {
                case .text(let bytes), .binary(let bytes): bytes.count
                case .close: 0
                }
            guard state.isOpen, state.bytes + count <= limit - unsent.load(ordering: .relaxed) else { return false }
            state.items.append(item)
            state.bytes += count
            hasItems.store(true, ordering: .releasing)
            return true
        }
    }

    /// Takes all items out; does not lock when there are none.
    ///
    /// - Parameter unsent: how many bytes of earlier items are not written yet.
    /// - Returns: the items in their order.
    func take(unsent: Int) -> [Item] {
        self.unsent.store(unsent, ordering: .relaxed)
        guard hasItems.load(ordering: .acquiring) else { return [] }
        return state.withLock { state in
            hasItems.store(false, ordering: .releasing)
            let items = state.items
            self.unsent.add(state.bytes, ordering: .relaxed)
            state.items = []
            state.bytes = 0
            return items
        }
    }
}
