internal import ATProtocol
internal import Network

/// Sends the HTTP requests of a sweep, within its rate, and spares hosts that ask to be left alone.
actor SweepClient {
    private let client: any HTTPClient
    private let clock: any WallClock
    private let date: any WallClock
    private let sleeper: any Clock<Duration>
    private var limiter: RateLimiter
    /// Until when each host is left alone.
    private var rests: [String: UnixTime] = [:]
    /// Failures in a row, by host.
    private var failures: [String: Int] = [:]
    /// Hosts that could not be reached the last time.
    private var unreachable: Set<String> = []

    /// The longest that one author's turn waits for a host that asked to be left alone; beyond that, the author comes
    /// later.
    private static let patience = Duration.seconds(60)
    /// How long a failing host is left alone; longer than any turn waits.
    private static let firstRest = Duration.seconds(120)
    /// The longest that a host is left alone, whatever it asks.
    private static let longestRest = Duration.seconds(3600)
    /// How requests to a host that no longer exists fail, from the name to the handshake.
    private static let unreachableCodes: Set<HTTPError.Code> = [.nameResolution, .connect, .tls, .timeout]

    /// A client without a history.
    ///
    /// - Parameters:
    ///   - client: the guarded client.
    ///   - rate: requests in a second.
    ///   - clock: a clock that nobody sets, for waits.
    ///   - date: the date, for hosts that name a time of day.
    ///   - sleeper: waits for the next request.
    init(
        _ client: any HTTPClient,
        rate: Double,
        clock: any WallClock,
        date: any WallClock,
        sleeper: any Clock<Duration>
    ) {
        self.client = client
        self.clock = clock
        self.date = date
        self.sleeper = sleeper
        limiter = RateLimiter(rate: rate)
    }

    /// The body of a successful answer.
    func body(_ request: HTTPRequest) async throws(SweepError) -> [UInt8] {
        let response = try await answer(request)
        guard response.isSuccess else {
            let error = XRPCError(response)
            let gone: Set = ["RepoNotFound", "RepoTakendown", "RepoSuspended", "RepoDeactivated"]
            let isGone = error.name.map(gone.contains) ?? false
            let isUnknown = error.status == 400 && error.says("could not find repo")
            throw SweepError(error.description, isDefinitive: isGone || isUnknown)
        }
        return response.body
    }

    /// The JSON of a successful answer.
    func json(_ request: HTTPRequest) async throws(SweepError) -> JSONValue {
        try Self.parse(try await body(request))
    }

    /// A record; nil when the server says that there is none.
    func record(_ request: HTTPRequest) async throws(SweepError) -> JSONValue? {
        let response = try await answer(request)
        if response.isSuccess { return try Self.parse(response.body) }
        let error = XRPCError(response)
        guard error.name == "RecordNotFound" || error.status == 400 && error.says("could not locate record") else {
            throw SweepError(error.description)
        }
        return nil
    }

    /// The JSON of an answer.
    static func parse(_ body: [UInt8]) throws(SweepError) -> JSONValue {
        do { return try JSONValue(parsing: body) } catch { throw SweepError(error.description) }
    }

    private func answer(_ request: HTTPRequest) async throws(SweepError) -> HTTPResponse {
        let response = try await send(request)
        guard response.status == 429 else { return response }
        // Try once more when the host said how long to wait.
        return try await send(request)
    }

    private func send(_ request: HTTPRequest) async throws(SweepError) -> HTTPResponse {
        let host = request.url.authority
        try await waitTurn(host)
        let response: HTTPResponse
        do throws(HTTPError) { response = try await client.send(request) } catch {
            guard error.code != .refusedHost else { throw SweepError(error.description, isLasting: true) }
            let isUnreachable = Self.unreachableCodes.contains(error.code)
            if isUnreachable { unreachable.insert(host) } else { unreachable.remove(host) }
            noteFailure(of: host)
            throw SweepError(error.description, isUnreachable: isUnreachable)
        }
        unreachable.remove(host)
        if let asked = Self.rest(response, now: date.now()) {
            rests[host] = clock.now() + asked
        } else if response.status >= 500 {
            noteFailure(of: host)
        } else {
            failures[host] = nil
        }
        return response
    }

    private func waitTurn(_ host: String) async throws(SweepError) {
        let rest = try rest(of: host)
        let wait = max(rest, limiter.wait(from: clock.now()))
        guard wait > .zero else { return }
        do { try await sleeper.sleep(for: wait) } catch { throw SweepError("the sweep was cancelled") }
        // Others who waited at the same time may have made the host ask again.
        if rest > .zero { _ = try self.rest(of: host) }
    }

    /// How long the host is still left alone.
    ///
    /// - Throws: ``SweepError`` when that is longer than a turn waits.
    private func rest(of host: String) throws(SweepError) -> Duration {
        let rest = rests[host].map { max(.zero, $0 - clock.now()) } ?? .zero
        guard rest > Self.patience else { return rest }
        throw SweepError(
            "\(host) is left alone for \(rest.wholeSeconds) s more",
            isUnreachable: unreachable.contains(host)
        )
    }

    /// After three failures in a row a host is left alone, so that it costs other authors no time.
    private func noteFailure(of host: String) {
        let count = (failures[host] ?? 0) + 1
        failures[host] = count
        guard count >= 3 else { return }
        rests[host] = clock.now() + Self.firstRest.doubled(count - 3, atMost: Self.longestRest)
    }

    /// How long the host asks to be left alone; nil when it does not ask.
    private static func rest(_ response: HTTPResponse, now: UnixTime) -> Duration? {
        let asked =
            response.headers["Retry-After"].flatMap { RetryAfter.wait($0, now: now) }
            ?? response.headers["RateLimit-Reset"].flatMap(Double.init).map { UnixTime(seconds: $0) - now }
        guard response.status == 429 || response.status == 503 && asked != nil else { return nil }
        return min(max(.seconds(1), asked ?? .seconds(30)), longestRest)
    }
}

/// Why a part of a sweep could not be done.
struct SweepError: Error, Equatable {
    let detail: String
    /// Whether another try would bring the same answer: the account or its repository is gone.
    let isDefinitive: Bool
    /// Whether trying for days would bring nothing, although this is no answer.
    let isLasting: Bool
    /// Whether no host could be reached; final if it lasts for a day.
    let isUnreachable: Bool

    init(_ detail: String, isDefinitive: Bool = false, isLasting: Bool = false, isUnreachable: Bool = false) {
        self.detail = detail
        self.isDefinitive = isDefinitive
        self.isLasting = isLasting
        self.isUnreachable = isUnreachable
    }
}
