import ATProtocol
import Firehose
import Synchronization

/// Positions as a ledger would keep them, with everything that was handed over.
final class MemoryPositions: PositionStore {
    private struct State {
        var positions: [StoredPosition] = []
        var events: [StreamEvent] = []
        var rejected: [RejectedEvent] = []
        var gaps: [StreamGap] = []
    }
    private let state = Mutex(State())

    func positions() async throws -> [StoredPosition] { state.withLock { $0.positions } }

    var events: [StreamEvent] { state.withLock { $0.events } }
    var rejected: [RejectedEvent] { state.withLock { $0.rejected } }
    var gaps: [StreamGap] { state.withLock { $0.gaps } }
    var stored: [StoredPosition] { state.withLock { $0.positions } }

    /// The AT-URIs of the records that were created, each as often as it was handed over.
    var created: [String] {
        events.compactMap { event in
            guard case .commit(let commit) = event.body, commit.operation == .create else { return nil }
            return event.recordURI?.text
        }
    }

    func store(_ batch: StreamBatch) {
        state.withLock { state in
            state.events += batch.events
            state.rejected += batch.rejected
            if let gap = batch.gap { state.gaps.append(gap) }
            guard let position = batch.position else { return }
            state.positions.removeAll {
                $0.position.host == position.position.host && $0.position.wire == position.position.wire
            }
            state.positions.append(position)
        }
    }

    /// Takes batches until a condition holds of everything that was stored.
    func take(from batchQueue: BatchQueue, until isEnough: (MemoryPositions) -> Bool) async {
        while !isEnough(self), let batch = await batchQueue.next() { store(batch) }
    }
}
