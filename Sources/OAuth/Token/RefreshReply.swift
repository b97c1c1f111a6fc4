internal import ATProtocol
internal import Network

/// What one attempt to refresh came to, before anything is decided: rows 1 and 3 to 19 of the failure table.
enum RefreshReply: Sendable, Equatable {
    /// 200 with a pair of tokens.
    case tokens(TokenSet)
    /// 200 and nothing of a token: a maintenance page, a portal. Holds the body, for the operator's eyes only.
    case noTokens([UInt8])
    /// 200 with a token, and not with a pair that can be used: the server rotated, or is broken. Holds the body.
    case unusable([UInt8])
    /// It still asks for a nonce after the one repetition.
    case nonceWanted
    /// It still complains about the time after the one correction.
    case clock(String)
    /// The proof does not fit the request: URL, method or type.
    case proofRefused(String)
    /// It saw the same proof before: a copy of the request was delivered.
    case proofReplayed
    /// The client's key or name is not what it finds in the hosted metadata.
    case clientRefused(String)
    /// It cannot fetch the hosted metadata, or no longer likes it.
    case metadataUnavailable(String)
    /// It saw the same assertion before.
    case assertionReused
    /// The grant is refused in words that prove the session to be over.
    case ended(ProofOfEnd, String)
    /// The grant is refused in other words, which prove nothing.
    case grantRefused(String)
    /// There is no token endpoint at the address.
    case endpointGone(String)
    /// A server error, or a lost answer: the token may have been spent.
    case outcomeUnknown(String)
    /// Nothing was sent.
    case unreachable(String)
    /// Too many requests; seconds to wait, when told.
    case rateLimited(Double?)
    /// The account is not active.
    case accountInactive(String)
    /// An app password's refresh token has ended.
    case passwordSessionEnded
    /// An app password is not accepted.
    case passwordRefused(String)
    /// A refusal that says nothing known; equal texts are equal answers.
    case unrecognized(String)
    /// No request could be made: key or configuration.
    case impossible(String)

    /// Reads the answer of an OAuth token endpoint.
    init(token response: HTTPResponse, now: UnixTime) {
        let error = XRPCError(response)
        let detail = [error.name, error.message].compactMap(\.self).joined(separator: ": ")
        switch (response.status, error.name ?? "") {
        // What arrives when the connection ends within the header.
        case (200, _) where response.body.isEmpty: self = .outcomeUnknown("status 200 and nothing more")
        case (200..<300, _): self = TokenSet(response).map { .tokens($0) } ?? Self.without(response.body)
        case (429, _): self = .rateLimited(Self.wait(response, now: now))
        case (500..., _): self = .outcomeUnknown("status \(response.status)")
        case (404, _), (405, _), (410, _): self = .endpointGone("status \(response.status) \(detail)")
        case (_, "use_dpop_nonce"): self = .nonceWanted
        case (_, "invalid_dpop_proof") where DPoPRejection.isAboutTime(error.message ?? ""): self = .clock(detail)
        case (_, "invalid_dpop_proof") where error.message?.contains("replayed") == true: self = .proofReplayed
        case (_, "invalid_dpop_proof"): self = .proofRefused(detail)
        case (_, "invalid_client") where DPoPRejection.isAboutTime(error.message ?? ""): self = .clock(detail)
        case (_, "invalid_client"), (_, "unauthorized_client"): self = .clientRefused(detail)
        case (_, "invalid_client_metadata"), (_, "invalid_redirect_uri"): self = .metadataUnavailable(detail)
        case (_, "invalid_grant") where error.message?.contains("jti reused") == true: self = .assertionReused
        case (_, "invalid_grant"):
            self = ProofOfEnd(in: error.message ?? "").map { .ended($0, detail) } ?? .grantRefused(detail)
        case (400, _), (401, _): self = .unrecognized("status \(response.status) \(detail)")
        // No authorization server answers so: something in between does, and the token was not looked at.
        default: self = .unreachable("status \(response.status) \(detail)")
        }
    }

    /// Reads the failure of a request.
    init(_ failure: OAuthFailure) {
        guard let transport = failure.transport else {
            self = .impossible(failure.sentence)
            return
        }
        self =
            transport.mayHaveBeenSent
            ? .outcomeUnknown("\(transport.code.rawValue): \(transport.detail)")
            : .unreachable("\(transport.code.rawValue): \(transport.detail)")
    }

    /// Reads an answer of `createSession`, or of `refreshSession`, which says nothing about the password.
    init(password response: HTTPResponse, isRefresh: Bool, now: UnixTime) {
        let error = XRPCError(response)
        let detail = [error.name, error.message].compactMap(\.self).joined(separator: ": ")
        switch (response.status, error.name ?? "") {
        case (200, _):
            self = TokenSet(passwordSession: response).map { .tokens($0) } ?? Self.without(response.body)
        case (429, _): self = .rateLimited(Self.wait(response, now: now))
        case (500..., _): self = .outcomeUnknown("status \(response.status)")
        case (_, "ExpiredToken"), (_, "InvalidToken"): self = .passwordSessionEnded
        case (_, "AccountTakedown"), (_, "AccountDeactivated"): self = .accountInactive(detail)
        case (_, "AuthFactorTokenRequired"):
            self = .passwordRefused(
                "a second factor is asked for, so this is the account's password, not an app password"
            )
        // In other words, or in none, it is somebody's in between.
        case (401, "AuthenticationRequired"), (401, "AuthMissing"):
            self = isRefresh ? .passwordSessionEnded : .passwordRefused(detail)
        default: self = .unrecognized("status \(response.status) \(detail)")
        }
    }

    /// The reply with no secret in what is told beside tokens.
    func telling(noneOf secrets: SecretRedaction) -> RefreshReply {
        guard case .tokens(let tokens) = self else { return self }
        return .tokens(tokens.telling(noneOf: secrets))
    }

    /// A good answer without a pair of tokens.
    private static func without(_ body: [UInt8]) -> RefreshReply {
        let text = String(decoding: body, as: UTF8.self)
        let names = ["access_token", "refresh_token", "accessJwt", "refreshJwt"]
        return names.contains(where: text.contains) ? .unusable(body) : .noTokens(body)
    }

    /// `Retry-After`, or the reset time of the network's rate limits (epoch seconds).
    static func wait(_ response: HTTPResponse, now: UnixTime) -> Double? {
        let asked =
            if let value = response.headers["Retry-After"] {
                RetryAfter.wait(value, now: now)?.inSeconds
            } else {
                response.headers["RateLimit-Reset"].flatMap(Double.init).map { $0 - now.seconds }
            }
        // A server that writes milliseconds must not silence the session for years.
        return asked.flatMap { $0.isFinite ? min(max(0, $0), 86_400) : nil }
    }
}

extension TokenSet {
    /// Reads a 200 answer of `createSession` or `refreshSession`.
    init?(passwordSession response: HTTPResponse) {
        guard let json = try? JSONValue(parsing: response.body),
            let access = json["accessJwt"]?.string, let refresh = json["refreshJwt"]?.string,
            !access.isEmpty, !refresh.isEmpty
        else { return nil }
        self.init(accessToken: access, refreshToken: refresh, subject: json["did"]?.string)
    }

    private init(accessToken: String, refreshToken: String, subject: String?) {
        self.accessToken = accessToken
        self.refreshToken = refreshToken
        self.subject = subject
    }
}
