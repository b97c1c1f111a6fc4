internal import ATProtocol
internal import Network

/// What the account's own server says about the session when it answers a call: rows 2 to 8 and 21 to 27 of the table.
enum ResourceReply: Equatable {
    /// The session is known: the answer is the caller's.
    case passed
    /// Nothing about the session: a server that fails, limits requests, or is another one than was asked.
    case undecided
    /// It still asks for a nonce after the one repetition.
    case nonceWanted
    /// It still complains about the time after the one correction.
    case clock(String)
    /// The access token is expired, revoked or replaced.
    case tokenRefused(String)
    /// The token is bound to another key than the proof's.
    case keyMismatch
    /// The proof does not fit the request.
    case proofRefused(String)
    /// It saw the same proof before: a copy of the request was delivered.
    case proofReplayed
    /// The grant lacks a scope.
    case scopeMissing(String)
    /// The app password may not use messages.
    case notPrivileged
    /// The token was taken for one of another kind.
    case tokenMisread(String)
    /// The account is taken down or deactivated.
    case accountInactive(String)

    /// Reads an answer.
    ///
    /// Errors of the called service come through the same door (`BadJwt`, `JwtExpired`): they carry neither a challenge
    /// nor one of the names below, and never cause a refresh.
    init(_ response: HTTPResponse, kind: SessionKind) {
        // A portal or a proxy answers in HTML, with 200, too.
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
        // The reference says 400; others may not.
        case (401, "ExpiredToken"), (401, "InvalidToken"), (401, "AuthenticationRequired"):
            self = kind == .appPassword ? .tokenRefused(message) : otherwise
        case (400, "InvalidToken") where message.contains("could not be verified"):
            self = kind == .appPassword ? .tokenRefused(message) : .tokenMisread(message)
        default: self = otherwise
        }
    }
}
