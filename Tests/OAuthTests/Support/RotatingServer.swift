import ATProtocol
import Crypto
import Network
import Synchronization
import TestSupport

@testable import OAuth

/// An authorization server and a PDS in memory that rotate without mercy: an old refresh token ends the session.
final class RotatingServer: Sendable {
    struct State {
        var current = 0
        var isAlive = true
        var createdAt: Double
        var refreshedAt: Double
        /// The tokens that were shown, in order.
        var shown: [Int] = []
        var rotations = 0
        var refusals: [String] = []
        var personality = WeatheredWorld.Personality.reference
        /// Why the session was deleted; nil while it lives.
        var cause: String?
    }

    private let state: Mutex<State>
    let clock: LeapingClock
    let files: CrashingFileSystem

    init(clock: LeapingClock, files: CrashingFileSystem) {
        self.clock = clock
        self.files = files
        state = Mutex(State(createdAt: clock.dates.now().seconds, refreshedAt: clock.dates.now().seconds))
    }

    var snapshot: State { state.withLock { $0 } }

    /// A person logs in: a new session whose first token has this number.
    func logIn(at personality: WeatheredWorld.Personality = .reference) -> Int {
        let now = clock.dates.now().seconds
        return state.withLock { state in
            // No number behind that of a token that was shown: it is no successor of it.
            let next = state.current + 2
            let (shown, rotations) = (state.shown, state.rotations)
            state = State(current: next, createdAt: now, refreshedAt: now, shown: shown, rotations: rotations)
            state.personality = personality
            return next
        }
    }

    /// Deletes the session.
    func delete(_ cause: String) {
        state.withLock { state in
            guard state.isAlive else { return }
            state.isAlive = false
            state.cause = cause
        }
    }

    func answer(_ request: HTTPRequest) -> HTTPResponse {
        switch request.url.path {
        case SessionFixture.tokenPath, WeatheredWorld.otherPath: token(request)
        case SessionFixture.callPath, SessionFixture.checkPath: call(request)
        default: HTTPResponse(status: 404)
        }
    }

    private func nonce(_ step: Double = 0) -> String { "nonce-\(Int64(clock.dates.now().seconds / 60 + step))" }

    private func respond(_ answer: Answer) -> HTTPResponse {
        var response = (try? answer.get()) ?? HTTPResponse(status: 500)
        response.headers["DPoP-Nonce"] = nonce()
        response.headers["Date"] = HTTPDate.text(clock.dates.now().seconds)
        return response
    }

    /// Whether the proof verifies and carries one of the three nonces that count.
    private func hasNonce(_ request: HTTPRequest) -> Bool {
        guard let proof = request.headers["DPoP"].flatMap({ try? CompactJWS(parsing: $0) }),
            let header = try? JSONValue(parsing: proof.header), let claims = try? JSONValue(parsing: proof.payload),
            let jwk = header["jwk"], let key = try? JSONWebKey.publicKey(jwk), proof.isSigned(by: key)
        else { return false }
        return [nonce(-1), nonce(), nonce(1)].contains(claims["nonce"]?.string ?? "")
    }

    private func token(_ request: HTTPRequest) -> HTTPResponse {
        guard hasNonce(request) else { return respond(.error(400, "use_dpop_nonce")) }
        guard isTimely(request) else { return respond(.error(400, "invalid_dpop_proof", Self.untimely)) }
        let form = PercentEncoding.parseForm(String(decoding: request.body, as: UTF8.self))
        let text = form.first { $0.name == "refresh_token" }?.value ?? ""
        let number = Int(text.dropFirst("refresh-".count)) ?? -1
        let now = clock.dates.now().seconds
        let refusal: String? = state.withLock { state in
            state.shown.append(number)
            guard state.isAlive else { return "Invalid refresh token" }
            if number != state.current {
                if state.personality == .cocoon { return "\"client_id\" mismatch" }
                state.isAlive = false
                state.cause = "token \(number) shown again"
                return "Refresh token replayed"
            }
            if now - state.createdAt > 730.5 * 86_400 || now - state.refreshedAt > 91.3 * 86_400 {
                state.isAlive = false
                state.cause = "its age"
                return "Session expired"
            }
            state.current += 1
            state.rotations += 1
            state.refreshedAt = now
            return nil
        }
        if let refusal {
            state.withLock { $0.refusals.append(refusal) }
            guard state.withLock({ $0.personality }) != .cocoon else { return respond(.error(400, refusal)) }
            return respond(.error(400, "invalid_grant", refusal))
        }
        return respond(.tokens(state.withLock { $0.current }))
    }

    private static let untimely = "DPoP proof: \"iat\" claim timestamp check failed (it should be in the past)"

    /// Whether the proof was signed within the last minute.
    private func isTimely(_ request: HTTPRequest) -> Bool {
        let proof = request.headers["DPoP"].flatMap { try? CompactJWS(parsing: $0) }
        let claims = proof.flatMap { try? JSONValue(parsing: $0.payload) }
        guard let issuedAt = claims?["iat"]?.integer else { return false }
        return abs(clock.dates.now().seconds - Double(issuedAt)) < 60
    }

    private func call(_ request: HTTPRequest) -> HTTPResponse {
        guard hasNonce(request) else { return respond(.challenge("use_dpop_nonce", "nonce")) }
        guard isTimely(request) else { return respond(.challenge("invalid_dpop_proof", Self.untimely)) }
        let isCurrent = state.withLock { state in
            let serves = state.isAlive || state.personality == .entryway
            return serves && request.headers["Authorization"] == "DPoP access-\(state.current)"
                && clock.dates.now().seconds - state.refreshedAt < 3600
        }
        let answer: JSONValue = ["id": "m1", "did": .string(SessionFixture.account), "handle": "a.test"]
        return respond(isCurrent ? .json(answer) : .challenge("invalid_token", "Invalid token"))
    }
}
