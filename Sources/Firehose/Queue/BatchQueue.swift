internal import Synchronization

/// A bounded queue from reader threads to business code; the reader never waits for it.
///
/// A full queue refuses batches. The reader then closes its connection, and the follower resumes from the last
/// accepted position when there is room again. Waiting instead would not work: the server drops a socket that is not
/// read for five seconds, and an unbounded queue runs out of memory.
public final class BatchQueue: Sendable {
    private struct State {
        var batches: [StreamBatch] = []
        var weight = 0
        var isClosed = false
        var reader: CheckedContinuation<StreamBatch?, Never>?
        var roomWaiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter = 0
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// An empty queue.
    ///
    /// - Parameter capacity: how many events, rejected ones too, may wait; beyond that, batches are refused.
    public init(capacity: Int = 10_000) {
        self.capacity = max(1, capacity)
    }

    /// Adds a batch without waiting.
    ///
    /// - Returns: false when there is no room, or the queue is closed.
    public func offer(_ batch: StreamBatch) -> Bool {
        let (isTaken, reader) = state.withLock { state -> (Bool, CheckedContinuation<StreamBatch?, Never>?) in
            guard !state.isClosed else { return (false, nil) }
            if let reader = state.reader.take() { return (true, reader) }
            if batch.isPositionOnly, let index = Self.place(of: batch, in: state.batches) {
                state.batches[index] = batch
                return (true, nil)
            }
            let weight = Self.weight(of: batch)
            guard state.weight == 0 || state.weight + weight <= capacity else { return (false, nil) }
            state.batches.append(batch)
            state.weight += weight
            return (true, nil)
        }
        // Not under the lock: a task that is being cancelled holds its own lock and needs this one (`onCancel` below).
        reader?.resume(returning: batch)
        return isTaken
    }

    /// The next batch in order; nil when the queue is closed and empty, or the caller is cancelled.
    ///
    /// Only one consumer may wait; a second one gets nil at once.
    public func next() async -> StreamBatch? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (isKept, batch) = take(continuation)
                if !isKept { continuation.resume(returning: batch) }
            }
        } onCancel: {
            state.withLock { $0.reader.take() }?.resume(returning: nil)
        }
    }

    /// Returns when the queue is at most half full, when it is closed, or when the caller is cancelled.
    public func waitForRoom() async {
        let waiter = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    guard !Task.isCancelled, !state.isClosed, state.weight > capacity / 2 else { return false }
                    state.roomWaiters[waiter] = continuation
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.roomWaiters.removeValue(forKey: waiter) }?.resume()
        }
    }

    /// Refuses new batches from now on; those that wait can still be taken.
    public func close() {
        let (reader, waiters) = state.withLock { state in
            state.isClosed = true
            defer { state.roomWaiters = [:] }
            return (state.reader.take(), state.roomWaiters.values.map(\.self))
        }
        reader?.resume(returning: nil)
        for waiter in waiters { waiter.resume() }
    }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// How many events, rejected ones too, a batch should hold, so that a half-empty queue accepts it.
    var batchLimit: Int { max(1, min(256, capacity / 4)) }

    /// The number of events, rejected ones too, that wait.
    public var depth: Int { state.withLock { $0.weight } }

    private func take(_ continuation: CheckedContinuation<StreamBatch?, Never>) -> (isKept: Bool, batch: StreamBatch?) {
        let (isKept, batch, waiters) = state.withLock {
            state -> (Bool, StreamBatch?, [CheckedContinuation<Void, Never>]) in
            if !state.batches.isEmpty {
                let batch = state.batches.removeFirst()
                state.weight -= Self.weight(of: batch)
                guard state.weight <= capacity / 2 else { return (false, batch, []) }
                defer { state.roomWaiters = [:] }
                return (false, batch, state.roomWaiters.values.map(\.self))
            }
            guard !state.isClosed, !Task.isCancelled, state.reader == nil else { return (false, nil, []) }
            state.reader = continuation
            return (true, nil, [])
        }
        for waiter in waiters { waiter.resume() }
        return (isKept, batch)
    }

    /// The index of a waiting position of the same host that this one can replace: only positions may come after it.
    private static func place(of batch: StreamBatch, in batches: [StreamBatch]) -> Int? {
        for index in batches.indices.reversed() {
            guard batches[index].isPositionOnly else { return nil }
            let (old, new) = (batches[index].position?.position, batch.position?.position)
            if old?.host == new?.host, old?.wire == new?.wire { return index }
        }
        return nil
    }

    /// Size counts too, so that many large messages cannot fill the memory.
    private static func weight(of batch: StreamBatch) -> Int {
        let kept = batch.rejected + batch.unverified.map(\.refusal)
        let bytes = kept.reduce(batch.bytes) { $0 + $1.bytes.count }
        return batch.events.count + batch.rejected.count + bytes / 4096
    }
}
