internal import ATProtocol
internal import Network

/// Decides who makes a request to the PDS, in the reference server's order and words.
struct ResourceGuard: Sendable {
    /// Who calls.
    struct Caller: Sendable {
        enum Means: Sendable {
            case oauth(GrantedScope)
            case password(PasswordSessions.Privilege)
        }

        let did: DID
        let means: Means
    }

    let proofs: ProofVerifier
    let tokens: OAuthTokenStore
    let sessions: PasswordSessions
    let faults: FaultPlan

    func caller(of request: IncomingRequest, at now: Double) throws(ResponseError) -> Caller {
        guard let field = request.headers["Authorization"] else {
            throw .failure(401, "AuthMissing", "Authentication Required")
        }
        let parts = field.split(separator: " ", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { throw .failure(400, "InvalidToken", "Malformed authorization header") }
        switch parts[0].lowercased() {
        case "dpop": return try bound(parts[1], request, now)
        case "bearer": return try bearer(parts[1], now)
        default: throw .failure(400, "InvalidToken", "Unsupported authorization type: \(parts[0])")
        }
    }

    private func bearer(_ token: String, _ now: Double) throws(ResponseError) -> Caller {
        guard let known = sessions.access(token, at: now) else {
            throw .failure(400, "InvalidToken", "Token could not be verified")
        }
        guard !known.isExpired else { throw .failure(400, "ExpiredToken", "Token has expired") }
        return Caller(did: known.did, means: .password(known.privilege))
    }

    private func bound(_ text: String, _ request: IncomingRequest, _ now: Double) throws(ResponseError) -> Caller {
        let jkt: String
        do { jkt = try proofs.verify(request, accessToken: text, at: now) } catch {
            throw challenge(error.code, error.message)
        }
        guard let (token, isCurrent) = tokens.accessToken(text) else {
            throw challenge("invalid_token", "Invalid token")
        }
        guard token.expiresAt > now else {
            throw challenge("invalid_token", "\"exp\" claim timestamp check failed")
        }
        guard token.jkt == jkt else { throw challenge("invalid_token", "Invalid DPoP key binding") }
        guard isCurrent, !faults.shows(.storeError, at: request) else {
            throw challenge("invalid_token", "Invalid token")
        }
        return Caller(did: token.did, means: .oauth(GrantedScope(token.scope)))
    }

    /// 401 with `WWW-Authenticate`; a description that holds a quotation mark is left out of the header.
    private func challenge(_ code: String, _ message: String) -> ResponseError {
        let description = message.contains("\"") ? "" : ", error_description=\"\(message)\""
        let challenge = "DPoP algs=\"ES256\", error=\"\(code)\"\(description)"
        return .failure(401, code, message, headers: ["WWW-Authenticate": challenge])
    }
}
