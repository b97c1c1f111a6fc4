/// The errors with which an authorization server proves that a session is over (docs/oauth.md; invariant 13).
///
/// Other texts prove nothing: the reference server says “Invalid refresh token” also when its store fails.
enum ProofOfEnd: String, CaseIterable {
    /// The token was used before, and the session was deleted because of that.
    case replayed = "Refresh token replayed"
    /// The session has reached its maximum age.
    case sessionExpired = "Session expired"
    /// The refresh token was not used for too long.
    case tokenExpired = "Refresh token expired"
    /// The client ID differs from the login's.
    case otherClient = "Token was not issued to this client"
    /// The client key differs from the login's.
    case otherClientKey = "initiated with a different key"
    /// The DPoP key differs from the login's.
    case otherDPoPKey = "does not match the expected JKT"

    /// The proof in a description of `invalid_grant`; nil when there is none.
    init?(in description: String) {
        guard let proof = Self.allCases.first(where: { description.contains($0.rawValue) }) else { return nil }
        self = proof
    }

    /// Whether this end was to be expected.
    var isExpiry: Bool { self == .sessionExpired || self == .tokenExpired }
}

extension SessionState {
    /// Whether only a human may end the state, because it is proven.
    ///
    /// Files of earlier versions may contain states without proof; those are tried again.
    var isProven: Bool {
        switch self {
        case .needsLogin(let problem):
            switch problem.reason {
            case .tokenDead, .lostInCrash, .sessionEnded: ProofOfEnd(in: problem.detail) != nil
            case .scope, .wrongSubject: true
            case .migrated: problem.detail.hasSuffix(AccountHome.proof)
            default: false
            }
        case .quarantined(let problem): problem.reason == .wrongSubject
        case .ok, .degraded, .misconfigured: false
        }
    }
}
