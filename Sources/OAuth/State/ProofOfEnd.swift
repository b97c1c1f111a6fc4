/// The refusals of a refresh by which an authorization server proves that a session is over (docs/oauth.md; invariant 13).
///
/// Any other text proves nothing: the reference server says “Invalid refresh token” whenever its store fails, too.
enum ProofOfEnd: String, CaseIterable {
    /// The token was used before, and the session deleted for it.
    case replayed = "Refresh token replayed"
    /// The session reached the end of its life.
    case sessionExpired = "Session expired"
    /// The refresh token was not used for too long.
    case tokenExpired = "Refresh token expired"
    /// The client id is not the login's.
    case otherClient = "Token was not issued to this client"
    /// The client key is not the login's.
    case otherClientKey = "initiated with a different key"
    /// The DPoP key is not the login's.
    case otherDPoPKey = "does not match the expected JKT"

    /// The proof that a description of `invalid_grant` holds; nil when it holds none.
    init?(in description: String) {
        guard let proof = Self.allCases.first(where: { description.contains($0.rawValue) }) else { return nil }
        self = proof
    }

    /// Whether this end was to be expected.
    var isExpiry: Bool { self == .sessionExpired || self == .tokenExpired }
}

extension SessionState {
    /// Whether the state may outlast everything but a human: it rests on proof.
    ///
    /// Files of earlier versions hold states that rest on less; those are asked about again.
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
