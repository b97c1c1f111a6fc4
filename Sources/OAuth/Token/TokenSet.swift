internal import ATProtocol
internal import Network

/// The response of a token endpoint (RFC 6749 §5.1) as received; ``problem(account:kind:)`` checks it.
struct TokenSet: Sendable, Equatable, CustomStringConvertible {
    var accessToken: String
    var refreshToken: String
    var tokenType: String?
    var scope: String?
    /// The account's DID, `sub`.
    var subject: String?
    /// The lifetime from now; nil when it is missing or makes no sense.
    var expiresIn: Duration?

    /// Ten years in seconds.
    private static let longestLife = 315_360_000.0

    /// The tokens, with secrets removed from all other text, because operators see the scope.
    func telling(noneOf secrets: SecretRedaction) -> TokenSet {
        let own = SecretRedaction([accessToken, refreshToken])
        var tokens = self
        tokens.scope = scope.map { own(secrets($0)) }
        tokens.subject = subject.map { own(secrets($0)) }
        return tokens
    }

    /// Why the tokens cannot be used; nil when they can.
    func problem(account: DID, kind: SessionKind) -> SessionProblem? {
        guard subject == account.text else {
            return SessionProblem(
                .wrongSubject,
                "the tokens are of \(subject.map { String($0.prefix(80)) } ?? "nobody")"
            )
        }
        guard kind != .appPassword else { return nil }
        guard tokenType?.lowercased() == "dpop" else {
            return SessionProblem(.wrongSubject, "the tokens are not bound to a key")
        }
        guard let scope, ScopeGrant(scope).hasBase else {
            return SessionProblem(.wrongSubject, "the granted scope lacks 'atproto'")
        }
        return nil
    }

    /// Without secrets, in case it is printed.
    var description: String { "tokens" }
}

extension TokenSet {
    /// Parses a 200 response; nil when it has no pair of tokens.
    init?(_ response: HTTPResponse) {
        guard let json = try? JSONValue(parsing: response.body),
            let accessToken = json["access_token"]?.string, !accessToken.isEmpty,
            let refreshToken = json["refresh_token"]?.string, !refreshToken.isEmpty
        else { return nil }
        self.accessToken = accessToken
        self.refreshToken = refreshToken
        tokenType = json["token_type"]?.string
        scope = json["scope"]?.string
        subject = json["sub"]?.string
        let seconds: Double? =
            switch json["expires_in"] {
            case .integer(let seconds)?: Double(seconds)
            case .number(let seconds)?: seconds
            default: nil
            }
        // A lifetime that makes no sense is ignored; the server will say when the token has expired.
        expiresIn = seconds.flatMap { (1...Self.longestLife).contains($0) ? .seconds($0) : nil }
    }
}
