internal import Synchronization

/// The work loop of one part of the daemon: takes steps, sleeps when there is nothing to do, ends between steps.
package final class WorkLoop: Sendable {
    private let signal = WakeSignal()
    private let clock: any Clock<Duration>
    private let drained = Mutex(false)

    /// The longest sleep; after it, a change of the wall clock is noticed.
    package static let longestSleep = Duration.seconds(60)
    /// The shortest sleep, so that the loop does not spin on a row that is due but cannot be taken yet.
    package static let shortestSleep = Duration.milliseconds(50)

    package init(clock: any Clock<Duration>) { self.clock = clock }

    /// Takes steps until ``drain()``.
    ///
    /// - Parameters:
    ///   - isolation: the caller's.
    ///   - step: does one piece of work and returns how long to sleep; zero for the next step at once.
    /// - Throws: the error of a step, which ends the loop.
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

    /// Ends the sleep, because there may be work.
    package func wake() { signal.ring() }

    /// Ends ``run(isolation:_:)`` after the current step.
    package func drain() {
        drained.withLock { $0 = true }
        signal.ring()
    }

    /// Whether ``drain()`` was called.
    package var isDraining: Bool { drained.withLock { $0 } }
}
