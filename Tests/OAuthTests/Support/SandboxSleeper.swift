import Network
import Sandbox

/// The sandbox's time as a clock to wait by: it leaps with the network, and a sleep takes a hundredth of its time.
struct SandboxSleeper: Clock {
    let network: SandboxClock

    var now: LeapingClock.Instant { LeapingClock.Instant(offset: .seconds(network.now().seconds)) }
    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until deadline: LeapingClock.Instant, tolerance: Duration?) async throws {
        try await ContinuousClock().sleep(for: now.duration(to: deadline) / 100)
    }
}
