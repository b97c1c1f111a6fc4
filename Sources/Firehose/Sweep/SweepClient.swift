internal import ATProtocol
internal import Network

/// Makes the requests of a sweep: no more in a second than its rate, and none to a host that asks to be left alone.
actor SweepClient {
    private let client: any HTTPClient
    private let clock: any WallClock
    private let sleeper: any Clock<Duration>
    private var pacer: RequestPacer
    /// Until when hosts are left alone.
    private var rests: [String: UnixTime] = [:]

    /// The longest that one author's turn waits for a host that asked to be left alone; beyond, they come later.
    private static let patience = Duration.seconds(60)
    /// The longest that a host is left alone, whatever it asks.
    private static let longestRest = Duration.seconds(3600)

    init(_ client: any HTTPClient, rate: Double, clock: any WallClock, sleeper: any Clock<Duration>) {
        self.client = client
        self.clock = clock
        self.sleeper = sleeper
        pacer = RequestPacer(rate: rate)
    }

    /// The JSON of a successful answer.
    func json(_ request: HTTPRequest) async throws(SweepFailure) -> JSONValue {
        var response = try await send(request)
        // Once more for a host that says when.
        if response.status == 429 { response = try await send(request) }
        guard response.isSuccess else {
            let error = XRPCError(response)
            let gone: Set = ["RepoNotFound", "RepoTakendown", "RepoSuspended", "RepoDeactivated"]
            let isGone = error.name.map(gone.contains) ?? false
            let isUnknown = error.status == 400 && error.says("could not find repo")
            throw SweepFailure(error.description, isDefinitive: isGone || isUnknown)
        }
        do { return try JSONValue(parsing: response.body) } catch { throw SweepFailure(error.description) }
    }

    private func send(_ request: HTTPRequest) async throws(SweepFailure) -> HTTPResponse {
        let host = request.url.authority
        let rest = rests[host].map { max(.zero, $0 - clock.now()) } ?? .zero
        guard rest <= Self.patience else {
            throw SweepFailure("\(host) asks to be left alone for \(rest.wholeSeconds) s more")
        }
        let wait = max(rest, pacer.wait(from: clock.now()))
        if wait > .zero {
            do { try await sleeper.sleep(for: wait) } catch { throw SweepFailure("the sweep was cancelled") }
        }
        let response: HTTPResponse
        do throws(HTTPFailure) { response = try await client.send(request) } catch {
            throw SweepFailure(error.description, isDefinitive: error.code == .refusedHost)
        }
        if let asked = Self.rest(response, now: SystemClock().now()) { rests[host] = clock.now() + asked }
        return response
    }

    /// How long the host asks to be left alone; nil when it does not.
    private static func rest(_ response: HTTPResponse, now: UnixTime) -> Duration? {
        let asked =
            response.headers["Retry-After"].flatMap { RetryAfter.wait($0, now: now) }
            ?? response.headers["RateLimit-Reset"].flatMap(Double.init).map { UnixTime(seconds: $0) - now }
        guard response.status == 429 || response.status == 503 && asked != nil else { return nil }
        return min(max(.seconds(1), asked ?? .seconds(30)), longestRest)
    }
}

/// Why a part of a sweep could not be done.
struct SweepFailure: Error {
    let detail: String
    /// Whether asking again would bring the same answer: the account or its repository is gone.
    let isDefinitive: Bool

    init(_ detail: String, isDefinitive: Bool = false) {
        self.detail = detail
        self.isDefinitive = isDefinitive
    }
}
