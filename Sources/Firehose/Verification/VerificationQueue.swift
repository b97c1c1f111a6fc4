internal import Network
internal import Synchronization

/// Between a reader thread and the verification of everything: the reader never waits for it.
///
/// What does not fit is counted and left unverified, and all chains begin anew behind it: a missing link would look like
/// a break.
final class VerificationQueue: Sendable {
    /// A relay's message as it was received.
    struct Message: Sendable {
        let host: String
        let bytes: [UInt8]
        /// Whether a rule wants something of it.
        let isWanted: Bool
        /// When it came.
        let now: UnixTime
    }

    /// Everything that came since the last time.
    struct Intake: Sendable {
        var messages: [Message] = []
        /// Messages behind these for which there was no room.
        var lost = 0
        /// Whether what comes next does not follow on these.
        var isInterrupted = false

        var isEmpty: Bool { messages.isEmpty && lost == 0 && !isInterrupted }
    }

    private struct State {
        var intake = Intake()
        var octets = 0
        var reader: CheckedContinuation<Intake?, Never>?
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// An empty queue.
    ///
    /// - Parameter capacity: the octets of messages that may wait.
    init(capacity: Int = 8 << 20) { self.capacity = capacity }

    /// Hands a message over without waiting.
    func offer(_ message: Message) {
        change { state in
            guard state.intake.lost == 0, state.octets + message.bytes.count <= capacity else {
                state.intake.lost += 1
                return
            }
            state.octets += message.bytes.count
            state.intake.messages.append(message)
        }
    }

    /// Says that what comes next does not follow on what came before.
    func interrupt() { change { $0.intake.isInterrupted = true } }

    /// Everything that waits, when there is something; nil when the caller is cancelled.
    func next() async -> Intake? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let intake = state.withLock { state -> Intake?? in
                    guard !Task.isCancelled else { return .some(nil) }
                    guard state.intake.isEmpty else { return Self.take(&state) }
                    state.reader = continuation
                    return nil
                }
                if let intake { continuation.resume(returning: intake) }
            }
        } onCancel: {
            state.withLock { $0.reader.take() }?.resume(returning: nil)
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let waiting = state.withLock { state in
            body(&state)
            return state.reader.take().map { ($0, Self.take(&state)) }
        }
        if let (reader, intake) = waiting { reader.resume(returning: intake) }
    }

    private static func take(_ state: inout State) -> Intake {
        defer {
            state.intake = Intake()
            state.octets = 0
        }
        return state.intake
    }
}
