internal import Network
internal import Synchronization

/// Sends requests to hosts that strangers chose, and pauses hosts that fail several times in a row (invariant 7).
///
/// Hosts that an operator chose are counted separately, so that no stranger who names such a host can have it paused.
final class GuardedClient: Sendable {
    private let http: any HTTPClient
    /// The clock for its waits; nothing sets it.
    let clock: any WallClock
    private let breaker: Mutex<HostBreaker>

    init(configuration: LookupConfiguration, http: any HTTPClient, clock: any WallClock) {
        self.http = http
        self.clock = clock
        breaker = Mutex(configuration.hostBreaker)
    }

    /// How many hosts are paused because they failed.
    var pausedHosts: Int { breaker.withLock { $0.pausedCount(now: clock.now()) } }

    /// The answer of a PDS, which a stranger chose, to a query, whatever its status; at most so many bytes.
    func ask(
        _ pds: WebURL,
        _ method: String,
        _ query: [(name: String, value: String)],
        headers: HTTPHeaders = [:],
        maximumBody: Int = 512 << 10
    ) async throws(CallError) -> HTTPResponse {
        let url = pds.with(path: "/xrpc/\(method)", query: query)
        return try await send(
            HTTPRequest(.get, url, headers: headers, timeout: .seconds(10), maximumBody: maximumBody, reach: .stranger)
        )
    }

    /// The host's answer, whatever its status.
    func send(_ request: HTTPRequest) async throws(CallError) -> HTTPResponse {
        let host = "\(request.reach) \(request.url.authority)"
        if let pause = breaker.withLock({ $0.pause(of: host, now: clock.now()) }) {
            let detail = "\(request.url.authority) for \(pause.length.wholeSeconds) s, after \(pause.failure)"
            throw .refused(Refusal(.hostPaused, detail))
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
