internal import ATProtocol
internal import Network

/// What a response of the account's PDS says about the session: rows 2 to 8 and 21 to 27 of the failure table.
enum ResourceReply: Equatable {
    /// The session is valid; the response is for the caller.
    case passed
    /// Nothing about the session: a failing or rate-limiting server, or a response from another server.
    case undecided
    /// The PDS still asks for a nonce after the repetition.
    case nonceWanted
    /// The PDS still complains about the time after the correction.
    case clock(String)
    /// The access token has expired, or was revoked or replaced.
    case tokenRefused(String)
    /// The token is bound to another key than the proof's.
    case keyMismatch
    /// The proof does not match the request.
    case proofRefused(String)
    /// The PDS has seen the same proof before: a copy of the request was delivered.
    case proofReplayed
    /// The grant lacks a scope.
    case scopeMissing(String)
    /// The app password does not allow direct messages.
    case notPrivileged
    /// The server took the token for one of another kind.
    case tokenMisread(String)
    /// The account is taken down or deactivated.
    case accountInactive(String)

    /// Classifies a response.
    ///
    /// Errors of the called service arrive in the same way (`BadJwt`, `JwtExpired`). They have neither a challenge nor
    /// one of the names below, so they never cause a refresh.
    init(_ response: HTTPResponse, kind: SessionKind) {
        // A captive portal or proxy answers in HTML, possibly with status 200.
        let isPDS = (try? JSONValue(parsing: response.body))?.object != nil
        let otherwise = isPDS && response.status < 500 && response.status != 429 ? ResourceReply.passed : .undecided
        guard response.status >= 400 else {
            self = otherwise
            return
        }
        let error = XRPCError(response)
        let challenge = AuthenticateChallenge.dpop(in: response.headers)
        let name = (response.status == 401 ? challenge?.parameters["error"] : nil) ?? error.name ?? ""
        let message = error.message ?? challenge?.parameters["error_description"] ?? ""
        switch (response.status, name) {
        case (401, "use_dpop_nonce"): self = .nonceWanted
        case (401, "invalid_token") where message.contains("key binding"): self = .keyMismatch
        case (401, "invalid_token"): self = .tokenRefused(message)
        case (401, "invalid_dpop_proof") where DPoPRejection.isAboutTime(message): self = .clock(message)
        case (401, "invalid_dpop_proof") where message.contains("replayed"): self = .proofReplayed
        case (401, "invalid_dpop_proof"): self = .proofRefused(message)
        case (401, "AccountTakedown"), (401, "AccountDeactivated"): self = .accountInactive("\(name): \(message)")
        case (403, "ScopeMissingError"): self = .scopeMissing(message)
        case (400, "InvalidToken") where message == "Bad token method" && kind == .appPassword: self = .notPrivileged
        case (400, "ExpiredToken") where kind == .appPassword: self = .tokenRefused(message)
        // The reference server uses 400; others may not.
        case (401, "ExpiredToken"), (401, "InvalidToken"), (401, "AuthenticationRequired"):
            self = kind == .appPassword ? .tokenRefused(message) : otherwise
        case (400, "InvalidToken") where message.contains("could not be verified"):
            self = kind == .appPassword ? .tokenRefused(message) : .tokenMisread(message)
        default: self = otherwise
        }
    }
}
