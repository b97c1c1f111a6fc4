internal import ATProtocol
internal import Crypto
internal import Synchronization

/// Sessions and tokens, with the rule that most sessions die of: an error during a refresh deletes the session.
final class OAuthTokenStore: Sendable {
    /// How the client proved itself when the session began; compared at every refresh.
    struct ClientProof: Sendable, Equatable {
        let clientID: String
        /// Nil for a public client.
        let kid: String?
        let keyThumbprint: String?
    }

    /// A session of an account with a client.
    struct Session: Sendable {
        let did: DID
        let proof: ClientProof
        let jkt: String
        let scope: String
        let createdAt: Double
        var refreshedAt: Double
        var refreshToken = ""
        var accessToken = ""
    }

    /// An access token as the resource server knows it.
    struct AccessToken: Sendable {
        let session: Int
        let did: DID
        let scope: String
        let jkt: String
        let expiresAt: Double
    }

    /// What the token endpoint gives out.
    struct Issued: Sendable {
        let accessToken: String
        let refreshToken: String
        let expiresIn: Int
        let scope: String
        let did: DID
    }

    /// Why a refresh failed.
    struct Refusal: Error {
        let message: String
    }

    private struct State {
        var sessions: [Int: Session] = [:]
        /// Every refresh token ever issued, so that an old one is told from an unknown one.
        var refreshTokens: [String: Int] = [:]
        var accessTokens: [String: AccessToken] = [:]
        var number = 0
        var lifetimes = OAuthLifetimes()
    }

    private let state = Mutex(State())

    var lifetimes: OAuthLifetimes {
        get { state.withLock(\.lifetimes) }
        set { state.withLock { $0.lifetimes = newValue } }
    }

    /// How many sessions live.
    var count: Int { state.withLock(\.sessions.count) }

    /// Begins a session; its number allows its later end.
    func begin(_ did: DID, _ proof: ClientProof, jkt: String, scope: String, at now: Double) -> (Int, Issued) {
        state.withLock { state in
            state.number += 1
            let session = Session(
                did: did,
                proof: proof,
                jkt: jkt,
                scope: scope,
                createdAt: now,
                refreshedAt: now
            )
            return (state.number, Self.issue(session, state.number, at: now, in: &state))
        }
    }

    /// Exchanges a refresh token, in the order of facts/oauth.md §7.
    ///
    /// - Parameters:
    ///   - token: the refresh token.
    ///   - proof: how the client proved itself just now.
    ///   - jkt: thumbprint of the proof's key.
    ///   - now: the server's time.
    ///   - deletesOnError: false for servers that forgive.
    /// - Returns: the next tokens.
    /// - Throws: ``Refusal``; the session may be gone.
    func refresh(
        _ token: String,
        _ proof: ClientProof,
        jkt: String,
        at now: Double,
        deletesOnError: Bool
    ) throws(Refusal) -> Issued {
        let result = state.withLock { state -> Result<Issued, Refusal> in
            guard let number = state.refreshTokens[token], let session = state.sessions[number] else {
                return .failure(Refusal(message: "Invalid refresh token"))
            }
            if let message = Self.objection(session, token, proof, jkt, now, state.lifetimes) {
                if deletesOnError { state.sessions[number] = nil }
                return .failure(Refusal(message: message))
            }
            return .success(Self.issue(session, number, at: now, in: &state))
        }
        return try result.get()
    }

    /// The access token, whether it still counts or not; nil for one that was never issued.
    func accessToken(_ text: String) -> (token: AccessToken, isCurrent: Bool)? {
        state.withLock { state in
            state.accessTokens[text].map { token in
                (token, state.lifetimes.areAccessTokensStateless || state.sessions[token.session]?.accessToken == text)
            }
        }
    }

    /// Ends the session of a token of either kind.
    func revoke(_ token: String) {
        state.withLock { state in
            if let number = state.refreshTokens[token] ?? state.accessTokens[token]?.session {
                state.sessions[number] = nil
            }
        }
    }

    func end(_ number: Int) { state.withLock { $0.sessions[number] = nil } }

    func endAll(of did: DID) { state.withLock { $0.sessions = $0.sessions.filter { $0.value.did != did } } }

    private static func objection(
        _ session: Session,
        _ token: String,
        _ proof: ClientProof,
        _ jkt: String,
        _ now: Double,
        _ lifetimes: OAuthLifetimes
    ) -> String? {
        if token != session.refreshToken { return "Refresh token replayed" }
        if proof.clientID != session.proof.clientID { return "Token was not issued to this client" }
        if proof != session.proof {
            return "The session was initiated with a different key than the client assertion currently used"
        }
        if jkt != session.jkt { return "DPoP proof does not match the expected JKT" }
        let isConfidential = proof.kid != nil
        if now - session.createdAt > lifetimes.session(isConfidential: isConfidential) { return "Session expired" }
        if now - session.refreshedAt > lifetimes.refresh(isConfidential: isConfidential) {
            return "Refresh token expired"
        }
        return nil
    }

    private static func issue(_ session: Session, _ number: Int, at now: Double, in state: inout State) -> Issued {
        var session = session
        let end = session.createdAt + state.lifetimes.session(isConfidential: session.proof.kid != nil)
        let lifetime = min(state.lifetimes.access, end - now)
        session.refreshToken = "ref-" + SecureRandom.token(bytes: 32)
        session.accessToken =
            "eyJ0eXAiOiJhdCtqd3QifQ." + SecureRandom.token(bytes: 48) + "." + SecureRandom.token(bytes: 64)
        session.refreshedAt = now
        state.sessions[number] = session
        state.refreshTokens[session.refreshToken] = number
        if state.accessTokens.count > 5000 {
            state.accessTokens = state.accessTokens.filter { $0.value.expiresAt > now }
        }
        state.accessTokens[session.accessToken] = AccessToken(
            session: number,
            did: session.did,
            scope: session.scope,
            jkt: session.jkt,
            expiresAt: now + lifetime
        )
        return Issued(
            accessToken: session.accessToken,
            refreshToken: session.refreshToken,
            expiresIn: max(1, Int(lifetime) - 1),
            scope: session.scope,
            did: session.did
        )
    }
}
