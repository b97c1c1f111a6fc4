/// A way for a server to go wrong inside, behind the checks that come before it.
///
/// As a fault it strikes where the server acts, so a count counts how often it had a part in an answer: a request
/// without a nonce, or to another server, does not use it up.
public enum Misbehaviour: Sendable, Equatable {
    /// The store of sessions cannot be read, as with `SQLITE_BUSY`, and the reference server masks it.
    ///
    /// A refresh is told `invalid_grant`, "Invalid refresh token"; a call on the PDS `invalid_token`, "Invalid token"; a
    /// revocation `{}`; a login 500. No session is touched.
    case storeError
    /// A refresh fails while the token is rotated: 500, and the session is deleted.
    case rotationError
    /// A refresh rests that long between finding the token and rotating it, so that others come between.
    case slowRotation(Duration)
    /// The PDS's `/.well-known/oauth-protected-resource` names this authorization server.
    case otherIssuer(String)
    /// The authorization server's metadata name a new token endpoint, which works; the old one has this status.
    case movedTokenEndpoint(status: Int)
    /// The `Date` of PDS and authorization server is that many seconds off, while their clock is right.
    case wrongDate(offset: Double)
    /// Errors of the token endpoint quote the refresh token of the request.
    case quotedToken
    /// The index says something that is not so.
    case index(IndexLie)
}

/// What the servers read of it.
extension Misbehaviour {
    var issuer: String? { if case .otherIssuer(let issuer) = self { issuer } else { nil } }

    var oldTokenEndpointStatus: Int? { if case .movedTokenEndpoint(let status) = self { status } else { nil } }

    var dateOffset: Double? { if case .wrongDate(let offset) = self { offset } else { nil } }

    var indexLie: IndexLie? { if case .index(let lie) = self { lie } else { nil } }

    var rotationPause: Duration? { if case .slowRotation(let duration) = self { duration } else { nil } }
}
