internal import Synchronization

/// The loop of one part: one step after the other, a sleep where there is nothing to do, and an end behind the step under
/// way.
package final class WorkLoop: Sendable {
    private let signal = WakeSignal()
    private let clock: any Clock<Duration>
    private let drained = Mutex(false)

    /// The longest sleep, after which a wall clock that was set is noticed.
    package static let longestSleep = Duration.seconds(60)
    /// The shortest, so that a due row that nobody may take yet does not make the loop spin.
    package static let shortestSleep = Duration.milliseconds(50)

    package init(clock: any Clock<Duration>) { self.clock = clock }

    /// Takes steps until ``drain()``.
    ///
    /// - Parameters:
    ///   - isolation: the caller's.
    ///   - step: does one thing and says how long there is nothing else to do; zero for the next step at once.
    /// - Throws: what a step throws, which ends the loop.
    package func run<Failure: Error>(
        isolation: isolated (any Actor)? = #isolation,
        _ step: () async throws(Failure) -> Duration
    ) async throws(Failure) {
        while !isDraining {
            let wait = try await step()
            guard wait > .zero, !isDraining else { continue }
            await signal.wait(atMost: min(max(wait, Self.shortestSleep), Self.longestSleep), on: clock)
        }
    }

    /// There may be something to do.
    package func wake() { signal.ring() }

    /// Ends ``run(isolation:_:)`` after the step under way.
    package func drain() {
        drained.withLock { $0 = true }
        signal.ring()
    }

    /// Whether it ends.
    package var isDraining: Bool { drained.withLock { $0 } }
}
