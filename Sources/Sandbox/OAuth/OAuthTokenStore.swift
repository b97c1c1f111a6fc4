internal import ATProtocol
internal import Crypto
internal import Synchronization

/// Sessions and tokens, with the rule that most sessions die of: an error during a refresh deletes the session.
///
/// As at the reference server no lock is held over a refresh: ``find(_:deletesOnReplay:)`` and
/// ``rotate(_:_:jkt:at:deletesOnError:)`` are steps of their own, and other requests come between.
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

    /// A session as it was when its current refresh token was looked up.
    struct Found: Sendable {
        let number: Int
        let session: Session
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
    enum Refusal: Error, Equatable {
        /// `invalid_grant`, with this description.
        case invalidGrant(String)
        /// 500.
        case serverError
    }

    private struct State {
        var sessions: [Int: Session] = [:]
        /// Every refresh token ever issued, so that an old one is told from an unknown one.
        var refreshTokens: [String: Int] = [:]
        var accessTokens: [String: AccessToken] = [:]
        var number = 0
        var lifetimes = OAuthLifetimes()
    }

    private let signer: AccessTokenSigner
    private let state = Mutex(State())

    init(signer: AccessTokenSigner) { self.signer = signer }

    var lifetimes: OAuthLifetimes {
        get { state.withLock(\.lifetimes) }
        set { state.withLock { $0.lifetimes = newValue } }
    }

    /// How many sessions live.
    var count: Int { state.withLock(\.sessions.count) }

    /// Begins a session; its number allows its later end.
    func begin(
        _ did: DID,
        _ proof: ClientProof,
        jkt: String,
        scope: String,
        at now: Double
    ) throws(Refusal) -> (Int, Issued) {
        let session = Session(did: did, proof: proof, jkt: jkt, scope: scope, createdAt: now, refreshedAt: now)
        let (renewed, issued) = try issue(session, at: now)
        let number = state.withLock { state in
            state.number += 1
            Self.install(renewed, state.number, issued, at: now, in: &state)
            return state.number
        }
        return (number, issued)
    }

    /// Looks a refresh token up; one that was used before ends its session.
    ///
    /// - Parameters:
    ///   - token: the refresh token.
    ///   - deletesOnReplay: false for servers that forgive.
    /// - Returns: the session, to be rotated.
    /// - Throws: ``Refusal``.
    func find(_ token: String, deletesOnReplay: Bool) throws(Refusal) -> Found {
        let result = state.withLock { state -> Result<Found, Refusal> in
            guard let number = state.refreshTokens[token], let session = state.sessions[number] else {
                return .failure(.invalidGrant("Invalid refresh token"))
            }
            guard session.refreshToken == token else {
                if deletesOnReplay { state.sessions[number] = nil }
                return .failure(.invalidGrant("Refresh token replayed"))
            }
            return .success(Found(number: number, session: session))
        }
        return try result.get()
    }

    /// Gives the next tokens of a session that was found, unless it has changed since.
    ///
    /// - Parameters:
    ///   - found: what ``find(_:deletesOnReplay:)`` gave, some time ago.
    ///   - proof: how the client proved itself just now.
    ///   - jkt: thumbprint of the proof's key.
    ///   - now: the server's time.
    ///   - deletesOnError: false for servers that forgive.
    /// - Returns: the next tokens.
    /// - Throws: ``Refusal``; the session may be gone, with the tokens that another request was given meanwhile.
    func rotate(
        _ found: Found,
        _ proof: ClientProof,
        jkt: String,
        at now: Double,
        deletesOnError: Bool
    ) throws(Refusal) -> Issued {
        do throws(Refusal) {
            if let message = Self.objection(found.session, proof, jkt) ?? age(found.session, at: now) {
                throw .invalidGrant(message)
            }
            let (renewed, issued) = try issue(found.session, at: now)
            let objection = state.withLock { state -> String? in
                guard let session = state.sessions[found.number] else { return "Invalid refresh token" }
                guard session.refreshToken == found.session.refreshToken else {
                    // At once, so that of several that come too late only one finds a session.
                    if deletesOnError { state.sessions[found.number] = nil }
                    return "Refresh token replayed"
                }
                Self.install(renewed, found.number, issued, at: now, in: &state)
                return nil
            }
            if let objection { throw .invalidGrant(objection) }
            return issued
        } catch {
            if deletesOnError { end(found.number) }
            throw error
        }
    }

    /// The access token, whether it still counts or not; nil for one that was never issued.
    func accessToken(_ text: String) -> (token: AccessToken, isCurrent: Bool)? {
        state.withLock { state in
            state.accessTokens[text].map { token in
                (token, state.lifetimes.areAccessTokensStateless || state.sessions[token.session]?.accessToken == text)
            }
        }
    }

    /// Ends the session of any of its refresh tokens or of its access token, if it is this client's.
    func revoke(_ token: String, _ proof: ClientProof, jkt: String) {
        state.withLock { state in
            let number = state.refreshTokens[token] ?? state.accessTokens[token]?.session
            guard let number, let session = state.sessions[number] else { return }
            // An access token is found by its `jti`, which only the current one shares with the session.
            let isKnown = state.refreshTokens[token] != nil || session.accessToken == token
            if isKnown, Self.objection(session, proof, jkt) == nil { state.sessions[number] = nil }
        }
    }

    /// Ends a session.
    func end(_ number: Int) { state.withLock { $0.sessions[number] = nil } }

    /// Ends every session of an account.
    func endAll(of did: DID) { state.withLock { $0.sessions = $0.sessions.filter { $0.value.did != did } } }

    /// Why the caller may not use the session; nil when it may.
    private static func objection(_ session: Session, _ proof: ClientProof, _ jkt: String) -> String? {
        if proof.clientID != session.proof.clientID { return "Token was not issued to this client" }
        if jkt != session.jkt { return "DPoP proof does not match the expected JKT" }
        // A session without client authentication may become one with it, and not the other way round.
        guard session.proof.kid != nil else { return nil }
        guard proof.kid != nil else { return "Client authentication method mismatch (expected private_key_jwt)" }
        guard proof == session.proof else {
            return "The session was initiated with a different key than the client assertion currently used"
        }
        return nil
    }

    private func age(_ session: Session, at now: Double) -> String? {
        let isConfidential = session.proof.kid != nil
        let lifetimes = self.lifetimes
        if now - session.createdAt > lifetimes.session(isConfidential: isConfidential) { return "Session expired" }
        if now - session.refreshedAt > lifetimes.refresh(isConfidential: isConfidential) {
            return "Refresh token expired"
        }
        return nil
    }

    private func issue(_ session: Session, at now: Double) throws(Refusal) -> (Session, Issued) {
        var session = session
        let lifetimes = self.lifetimes
        let end = session.createdAt + lifetimes.session(isConfidential: session.proof.kid != nil)
        let lifetime = min(lifetimes.access, end - now)
        guard lifetime > 0.25 else { throw .invalidGrant("Session expired") }
        session.refreshToken = PlantedSecret.refreshToken()
        session.refreshedAt = now
        do { session.accessToken = try signer.token(for: session, at: now, until: now + lifetime) } catch {
            throw .serverError
        }
        let issued = Issued(
            accessToken: session.accessToken,
            refreshToken: session.refreshToken,
            expiresIn: max(1, Int(lifetime) - 1),
            scope: session.scope,
            did: session.did
        )
        return (session, issued)
    }

    private static func install(
        _ session: Session,
        _ number: Int,
        _ issued: Issued,
        at now: Double,
        in state: inout State
    ) {
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
            expiresAt: now + Double(issued.expiresIn + 1)
        )
    }
}
