internal import Network
internal import Synchronization

/// What other threads want of a connection's thread.
final class Outbox: Sendable {
    /// One wish.
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
    /// Bytes that were taken out and that the kernel has not taken: they wait, too.
    private let unsent = Atomic<Int>(0)
    private let limit: Int

    /// An outbox that takes nothing until it is opened, and then no more than leaves `limit` bytes waiting.
    init(limit: Int) { self.limit = limit }

    /// Takes items from now on.
    func open() { state.withLock { $0.isOpen = true } }

    /// Takes nothing any more.
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

    /// Takes everything out; without a lock when there is nothing.
    ///
    /// - Parameter unsent: the bytes of what was taken before that are not written yet.
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
