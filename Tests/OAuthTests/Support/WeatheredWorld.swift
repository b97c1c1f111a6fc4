import ATProtocol
import Crypto
import Network
import Sandbox
import Synchronization
import TestSupport

@testable import OAuth

/// The authorization server, PDS and directory of one account, under bad weather; time is a leaping clock's.
final class WeatheredWorld: Sendable {
    /// Whose authorization server it is.
    enum Personality: CaseIterable, Sendable {
        /// The reference, on a PDS of its own.
        case reference
        /// The reference before many PDSes: access tokens outlive their session.
        case entryway
        /// One that never says `invalid_grant`, and deletes nothing.
        case cocoon
    }

    private struct State {
        /// The end of each weather that reigns, by the leaping clock.
        var weather: [BadWeather: Double] = [:]
        var cause: String?
        var hasMoved = false
        var random: SeededGenerator
    }

    let server: RotatingServer
    let identities: FixedIdentities
    private let clock: LeapingClock
    private let state: Mutex<State>

    static let otherPath = "/oauth/token/v2"

    init(_ server: RotatingServer, _ identities: FixedIdentities, seed: UInt64) {
        self.server = server
        self.identities = identities
        clock = server.clock
        state = Mutex(State(random: SeededGenerator(seed: seed)))
    }

    private var uptime: Double { clock.now.offset / .seconds(1) }

    /// Lets a weather begin.
    func begin(_ weather: BadWeather, for seconds: Double) {
        let uptime = uptime
        state.withLock { $0.weather[weather] = max($0.weather[weather] ?? 0, uptime + seconds) }
        if weather == .movedEndpoint { state.withLock { $0.hasMoved.toggle() } }
    }

    /// Ends all of it.
    func clear() {
        state.withLock { $0.weather = [:] }
        settleDirectory()
    }

    func reigns(_ weather: BadWeather) -> Bool {
        let uptime = uptime
        return state.withLock { ($0.weather[weather] ?? 0) > uptime }
    }

    /// Brings the directory in line with the weather: its double knows no time.
    func settleDirectory() {
        if reigns(.directoryDown) {
            identities.fail()
        } else {
            identities.move(to: reigns(.otherPDS) ? "https://pds2.test" : "https://pds.test")
        }
    }

    private func chance(_ weather: BadWeather, _ probability: Double = 1) -> Bool {
        guard reigns(weather) else { return false }
        return state.withLock { Double.random(in: 0..<1, using: &$0.random) < probability }
    }

    // MARK: Answers

    func answer(_ request: HTTPRequest) throws(HTTPError) -> HTTPResponse {
        settleDirectory()
        switch request.url.path {
        case SessionFixture.tokenPath, Self.otherPath: return dated(try token(request))
        case "/.well-known/oauth-protected-resource": return resource(request.url)
        case "/.well-known/oauth-authorization-server": return metadata(request.url)
        case "/metadata.json", "/oauth/revoke": return json("{}")
        default: return dated(try call(request))
        }
    }

    private func token(_ request: HTTPRequest) throws(HTTPError) -> HTTPResponse {
        if chance(.page) { return HTTPResponse(status: 200, headers: Self.html, body: Array("<html>soon".utf8)) }
        if chance(.proxyPassword) { return HTTPResponse(status: 401, headers: Self.html, body: Array("<html>".utf8)) }
        if chance(.goneEndpoint) { return HTTPResponse(status: 404, headers: Self.html, body: Array("<html>".utf8)) }
        let isMoved = state.withLock { $0.hasMoved }
        if isMoved != (request.url.path == Self.otherPath) { return HTTPResponse(status: 404) }
        if chance(.rateLimit) { return json("{}", 429, ["Retry-After": "900"]) }
        if chance(.failure) { return json("{}", 502) }
        if chance(.silenceBefore) { throw lost(request) }
        if chance(.nonceWithoutEnd) { return json(#"{"error":"use_dpop_nonce"}"#, 400) }
        if chance(.replayedAssertion, 0.7) {
            return refusal("invalid_grant", "private_key_jwt jti reused")
        }
        if chance(.clientRefused) { return refusal("invalid_client", "no applicable key found") }
        if chance(.metadataDown) { return refusal("invalid_client_metadata", "Unable to obtain client metadata") }
        if chance(.storeError) { return refusal("invalid_grant", "Invalid refresh token") }
        if chance(.quotedToken) {
            return refusal("invalid_grant", "unknown: \(String(decoding: request.body, as: UTF8.self))")
        }
        if chance(.rotationError) {
            server.delete("a failed rotation of its own")
            return json(#"{"error":"server_error"}"#, 500)
        }
        let response = server.answer(request)
        guard response.status == 200 else { return response }
        if chance(.lateAnswer) { clock.advance(Double(state.withLock { Int.random(in: 31..<119, using: &$0.random) })) }
        if chance(.silenceAfter) { throw lost(request) }
        if chance(.halfAnswer) { return HTTPResponse(status: 200, body: Array(response.body.prefix(30))) }
        return response
    }

    private func call(_ request: HTTPRequest) throws(HTTPError) -> HTTPResponse {
        if chance(.pdsFailure) { return json("{}", 502) }
        if chance(.pdsPage) { return HTTPResponse(status: 200, headers: Self.html, body: Array("<html>".utf8)) }
        if chance(.tokenRefused) { return challenge("invalid_token", "Invalid token") }
        if chance(.otherProofURL) { return challenge("invalid_dpop_proof", "DPoP \"htu\" mismatch") }
        if chance(.otherKeyBinding) { return challenge("invalid_token", "Invalid DPoP key binding") }
        if chance(.accountInactive) { return json(#"{"error":"AccountDeactivated","message":"x"}"#, 401) }
        return server.answer(request)
    }

    private func resource(_ url: WebURL) -> HTTPResponse {
        let other = url.host == "pds2.test" || chance(.otherIssuer)
        let issuer = other ? "https://as2.test" : "https://as.test"
        return json(#"{"resource":"https://\#(url.host)","authorization_servers":["\#(issuer)"]}"#)
    }

    private func metadata(_ url: WebURL) -> HTTPResponse {
        var members = SessionFixture.metadata("https://\(url.host)").object ?? [:]
        if state.withLock({ $0.hasMoved }) {
            members["token_endpoint"] = .string("https://\(url.host)\(Self.otherPath)")
        }
        return json(JSONValue.object(members).encodedText)
    }

    private static let html: HTTPHeaders = ["Content-Type": "text/html"]

    private func json(_ text: String, _ status: Int = 200, _ headers: HTTPHeaders = [:]) -> HTTPResponse {
        var headers = headers
        headers["Content-Type"] = "application/json"
        return HTTPResponse(status: status, headers: headers, body: Array(text.utf8))
    }

    private func refusal(_ name: String, _ text: String) -> HTTPResponse {
        json(JSONValue.object(["error": .string(name), "error_description": .string(text)]).encodedText, 400)
    }

    private func challenge(_ name: String, _ text: String) -> HTTPResponse {
        (try? Answer.challenge(name, text).get()) ?? HTTPResponse(status: 500)
    }

    private func lost(_ request: HTTPRequest) -> HTTPError {
        HTTPError(code: .connectionLost, origin: request.url.origin, detail: "weather", mayHaveBeenSent: true)
    }

    private func dated(_ response: HTTPResponse) -> HTTPResponse {
        var response = response
        let error: Double = reigns(.wrongDate) ? -3 * 86_400 : 0
        response.headers["Date"] = HTTPDate.text(clock.dates.now().seconds + error)
        return response
    }
}
