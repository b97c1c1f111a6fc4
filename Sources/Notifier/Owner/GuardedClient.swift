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
        breaker = Mutex(HostBreaker(configuration))
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
            breaker.withLock { breaker in
                if response.status >= 500 || response.status == 429 {
                    breaker.failed(host, "status \(response.status)", now: clock.now())
                } else {
                    breaker.succeeded(host)
                }
            }
            return response
        } catch {
            // What is never asked cannot fail.
            guard error.code != .refusedHost else { throw .transport(error) }
            breaker.withLock { $0.failed(host, error.code.rawValue, now: clock.now()) }
            throw .transport(error)
        }
    }
}
