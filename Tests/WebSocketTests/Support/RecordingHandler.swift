import Network
import Synchronization
import WebSocket

/// What a handler has heard, for tests to look at when the run has ended.
final class Recording: Sendable {
    struct State {
        var response: UpgradeResponse?
        var messages: [(kind: WebSocketMessageKind, bytes: [UInt8])] = []
        var batches = 0
    }

    let state = Mutex(State())

    var messages: [[UInt8]] { state.withLock { $0.messages.map(\.bytes) } }
    var texts: [String] { messages.map { String(decoding: $0, as: UTF8.self) } }
    var response: UpgradeResponse? { state.withLock { $0.response } }
    var batches: Int { state.withLock { $0.batches } }
}

/// Records everything and closes after a number of messages, or of times that it was asked.
struct RecordingHandler: WebSocketHandler, ~Copyable {
    let recording: Recording
    var closesAfter = Int.max
    var closesAfterBatches = Int.max
    var closing = WebSocketCloseCode.normal
    var whenOpened: @Sendable () -> Void = {}

    mutating func opened(_ response: UpgradeResponse) {
        recording.state.withLock { $0.response = response }
        whenOpened()
    }

    mutating func message(_ kind: WebSocketMessageKind, _ bytes: RawSpan) -> WebSocketAction {
        let copy = unsafe bytes.withUnsafeBytes { unsafe Array($0) }
        let count = recording.state.withLock { state in
            state.messages.append((kind, copy))
            return state.messages.count
        }
        return count >= closesAfter ? .close(closing, reason: "enough") : .continue
    }

    mutating func batchEnded(_ now: ContinuousClock.Instant) -> WebSocketAction {
        let count = recording.state.withLock { state in
            state.batches += 1
            return state.batches
        }
        return count >= closesAfterBatches ? .close(closing, reason: "enough") : .continue
    }
}
