internal import Network
internal import Synchronization

/// Asks hosts that strangers chose, and leaves those alone for a while that fail in a row (invariant 7).
///
/// A host that an operator chose has an account of its own, so that no stranger who names it can have it paused.
final class GuardedClient: Sendable {
    private let http: any HTTPClient
    /// What its waits are reckoned by; nothing sets it.
    let clock: any WallClock
    private let breaker: Mutex<HostBreaker>

    init(configuration: LookupConfiguration, http: any HTTPClient, clock: any WallClock) {
        self.http = http
        self.clock = clock
        breaker = Mutex(configuration.hostBreaker)
    }

    /// Hosts that have a pause because they failed.
    var pausedHosts: Int { breaker.withLock { $0.pausedCount(now: clock.now()) } }

    /// The host's answer, whatever its status.
    func send(_ request: HTTPRequest) async throws(CallFailure) -> HTTPResponse {
        let host = "\(request.reach) \(request.url.authority)"
        if let pause = breaker.withLock({ $0.pause(of: host, now: clock.now()) }) {
            throw .refused(
                Refusal(
                    .hostPaused,
                    "\(request.url.authority) for \(pause.length.wholeSeconds) s, after \(pause.failure)"
                )
            )
        }
        do {
            let response = try await http.send(request)
            breaker.withLock { $0.answered(host, response, now: clock.now()) }
            return response
        } catch {
            breaker.withLock { $0.failed(host, error, now: clock.now()) }
            throw .transport(error)
        }
    }
}
