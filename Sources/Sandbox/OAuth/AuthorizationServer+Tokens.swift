internal import ATProtocol
internal import Crypto
internal import Glibc
internal import Network
internal import Synchronization

/// The token endpoint.
extension AuthorizationServer {
    func exchange(
        _ request: IncomingRequest,
        _ form: Form,
        _ grant: TokenRequest,
        jkt: String
    ) throws(Refusal) -> HTTPResponse {
        let client = try clients.client(form.clientID(orRefuse: "invalid_grant"))
        let proof = try authenticate(form, of: client)
        if case .unsupported(let type) = grant {
            throw Self.badGrant("Grant type \"\(type)\" is not supported by the server")
        }
        guard client.grantTypes.contains(grant.grantType) else {
            throw Self.badGrant("\"\(grant.grantType)\" grant type is not allowed for this client")
        }
        switch grant {
        case .authorizationCode(let code, let redirect, let verifier):
            if faults.shows(.storeError, at: request) { throw .serverError }
            let issued = try redeem(code, redirect: redirect, verifier: verifier, proof, jkt)
            return answer(issued, isRefreshable: client.grantTypes.contains("refresh_token"))
        case .refreshToken(let token): return answer(try refresh(request, token, proof, jkt))
        case .unsupported: throw .serverError
        }
    }

    /// Exchanges a code: one try, whether it succeeds or not.
    private func redeem(
        _ code: String,
        redirect: String,
        verifier: String?,
        _ proof: OAuthTokenStore.ClientProof,
        _ jkt: String
    ) throws(Refusal) -> OAuthTokenStore.Issued {
        let found = state.withLock { state in
            let found = state.codes[code]
            state.codes[code]?.isBurnt = true
            return found
        }
        guard let found, !found.isBurnt else {
            if let session = found?.session { tokens.end(session) }
            throw Self.badGrant("Invalid code")
        }
        let now = clock.now().seconds
        guard now < found.expiresAt else { throw Self.badGrant("This code has expired") }
        guard found.request.proof == proof else { throw Self.badGrant("This code was not issued for this client") }
        guard found.request.jkt == jkt else { throw Self.badGrant("DPoP proof does not match the expected JKT") }
        guard redirect == found.request.redirect else {
            let message = "The redirect_uri parameter must match the one used in the authorization request"
            throw Self.badGrant(message)
        }
        guard let verifier else { throw Self.badGrant("code_verifier is required") }
        guard Base64.urlEncode(Digest.sha256(verifier)) == found.request.challenge else {
            throw Self.badGrant("Invalid code_verifier")
        }
        do throws(OAuthTokenStore.Refusal) {
            let (session, issued) = try tokens.begin(found.did, proof, jkt: jkt, scope: found.request.scope, at: now)
            state.withLock { $0.codes[code]?.session = session }
            return issued
        } catch {
            throw Self.refusal(error)
        }
    }

    /// Finds the session, and rotates its token: two steps, between which other requests come.
    private func refresh(
        _ request: IncomingRequest,
        _ token: String,
        _ proof: OAuthTokenStore.ClientProof,
        _ jkt: String
    ) throws(Refusal) -> OAuthTokenStore.Issued {
        let isCocoon = state.withLock(\.personality) == .cocoon
        if !isCocoon, let problem = Self.problem(withFormOf: token) {
            throw Self.badGrant("Invalid refresh token: \(problem) at refresh_token")
        }
        if faults.shows(.storeError, at: request) { throw Self.badGrant("Invalid refresh token") }
        do throws(OAuthTokenStore.Refusal) {
            let found = try tokens.find(token, deletesOnReplay: !isCocoon)
            rest(before: request)
            if faults.shows(.rotationError, at: request) {
                tokens.end(found.number)
                throw OAuthTokenStore.Refusal.serverError
            }
            return try tokens.rotate(found, proof, jkt: jkt, at: clock.now().seconds, deletesOnError: !isCocoon)
        } catch {
            guard isCocoon, case .invalidGrant(let message) = error else { throw Self.refusal(error) }
            // cocoon knows no invalid_grant: server/handle_oauth_token.go.
            let isWrongKey = message.contains("JKT")
            throw Refusal(code: isWrongKey ? "dpop proof does not match expected jkt" : "\"client_id\" mismatch")
        }
    }

    private func rest(before request: IncomingRequest) {
        let duration = faults.misbehaviour(at: request, \.rotationPause)
        if let duration { usleep(UInt32(max(0, duration / .microseconds(1)))) }
    }

    private static func problem(withFormOf token: String) -> String? {
        let length = PlantedSecret.length
        var problems: [String] = []
        if token.utf16.count != length { problems.append("String must contain exactly \(length) character(s)") }
        if !token.hasPrefix("ref-") { problems.append("Invalid refresh token format") }
        return problems.isEmpty ? nil : problems.joined(separator: " at refresh_token; ")
    }

    private static func refusal(_ refusal: OAuthTokenStore.Refusal) -> Refusal {
        switch refusal {
        case .invalidGrant(let message): badGrant(message)
        case .serverError: .serverError
        }
    }

    private static func badGrant(_ message: String) -> Refusal { Refusal(code: "invalid_grant", message: message) }

    private func answer(_ issued: OAuthTokenStore.Issued, isRefreshable: Bool = true) -> HTTPResponse {
        var members: [String: JSONValue] = [
            "access_token": .string(issued.accessToken), "token_type": "DPoP", "scope": .string(issued.scope),
            "expires_in": .integer(Int64(issued.expiresIn)), "sub": .string(issued.did.text),
        ]
        if isRefreshable { members["refresh_token"] = .string(issued.refreshToken) }
        return .json(.object(members))
    }
}
