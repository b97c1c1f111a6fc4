internal import ATProtocol
internal import Network

/// The result of one refresh request: rows 1 and 3 to 19 of the failure table.
enum RefreshReply: Sendable, Equatable {
    /// Status 200 with a pair of tokens.
    case tokens(TokenSet)
    /// Status 200 without a token: a maintenance page, a captive portal. Holds the body, for the operator only.
    case noTokens([UInt8])
    /// Status 200 with tokens that cannot be used: the server has rotated them, or is broken. Holds the body.
    case unusable([UInt8])
    /// The server still asks for a nonce after the repetition.
    case nonceWanted
    /// The server still complains about the time after the correction.
    case clock(String)
    /// The proof does not match the request: URL, method or type.
    case proofRefused(String)
    /// The server has seen the same proof before: a copy of the request was delivered.
    case proofReplayed
    /// The client's key or ID does not match the hosted metadata.
    case clientRefused(String)
    /// The server cannot fetch the hosted metadata, or rejects it.
    case metadataUnavailable(String)
    /// The server has seen the same assertion before.
    case assertionReused
    /// The grant was refused in words that prove that the session is over.
    case ended(ProofOfEnd, String)
    /// The grant was refused in other words, which prove nothing.
    case grantRefused(String)
    /// There is no token endpoint at the URL.
    case endpointGone(String)
    /// A server error or a lost response: the token may have been spent.
    case outcomeUnknown(String)
    /// Nothing was sent.
    case unreachable(String)
    /// Too many requests; the seconds to wait, if the server says so.
    case rateLimited(Double?)
    /// The account is not active.
    case accountInactive(String)
    /// The refresh token of an app-password session has expired.
    case passwordSessionEnded
    /// The app password was rejected.
    case passwordRefused(String)
    /// A refusal with an unknown text; equal texts count as the same refusal.
    case unrecognized(String)
    /// No request could be made, because of key or configuration.
    case impossible(String)

    /// Classifies the response of an OAuth token endpoint.
    init(token response: HTTPResponse, now: UnixTime) {
        let error = XRPCError(response)
        let detail = [error.name, error.message].compactMap(\.self).joined(separator: ": ")
        switch (response.status, error.name ?? "") {
        // This is the result when the connection ends within the header.
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
        // Authorization servers do not use these statuses; something in between does, and the token was not examined.
        default: self = .unreachable("status \(response.status) \(detail)")
        }
    }

    /// Classifies the failure of a request.
    init(_ failure: OAuthError) {
        guard let transport = failure.transport else {
            self = .impossible(failure.sentence)
            return
        }
        self =
            transport.mayHaveBeenSent
            ? .outcomeUnknown("\(transport.code.rawValue): \(transport.detail)")
            : .unreachable("\(transport.code.rawValue): \(transport.detail)")
    }

    /// Classifies the response of `createSession`, or of `refreshSession`, which says nothing about the password.
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
        // Other words, or none, come from something in between.
        case (401, "AuthenticationRequired"), (401, "AuthMissing"):
            self = isRefresh ? .passwordSessionEnded : .passwordRefused(detail)
        default: self = .unrecognized("status \(response.status) \(detail)")
        }
    }

    /// The reply without secrets in its texts; its tokens remain.
    func telling(noneOf secrets: SecretRedaction) -> RefreshReply {
        guard case .tokens(let tokens) = self else { return self }
        return .tokens(tokens.telling(noneOf: secrets))
    }

    /// A response with status 200 that has no pair of tokens.
    private static func without(_ body: [UInt8]) -> RefreshReply {
        let text = String(decoding: body, as: UTF8.self)
        let names = ["access_token", "refresh_token", "accessJwt", "refreshJwt"]
        return names.contains(where: text.contains) ? .unusable(body) : .noTokens(body)
    }

    /// The wait in `Retry-After`, or until the reset time of the network's rate limits (Unix epoch seconds).
    static func wait(_ response: HTTPResponse, now: UnixTime) -> Double? {
        let asked =
            if let value = response.headers["Retry-After"] {
                RetryAfter.wait(value, now: now)?.inSeconds
            } else {
                response.headers["RateLimit-Reset"].flatMap(Double.init).map { $0 - now.seconds }
            }
        // A server that writes milliseconds must not stop the session for years.
        return asked.flatMap { $0.isFinite ? min(max(0, $0), 86_400) : nil }
    }
}

extension TokenSet {
    /// Parses a 200 response of `createSession` or `refreshSession`.
    init?(passwordSession response: HTTPResponse) {
        guard let json = try? JSONValue(parsing: response.body),
            let access = json["accessJwt"]?.string, let refresh = json["refreshJwt"]?.string,
            !access.isEmpty, !refresh.isEmpty
        else { return nil }
        self.init(accessToken: access, refreshToken: refresh, subject: json["did"]?.string)
    }
}
