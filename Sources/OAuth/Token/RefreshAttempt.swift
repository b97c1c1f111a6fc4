/// One refresh from its first request to its verdict, as a state machine without clock or I/O.
///
/// Its dangerous decision is whether the same refresh token may be sent again.
struct RefreshAttempt {
    /// What to do next.
    enum Step: Equatable {
        /// Send the same token again after this many seconds, unless the store has another one by then.
        case sendAgain(after: ClosedRange<Double>)
        /// Look up the authorization server's token endpoint, and send the token there if it has moved.
        case lookUp
        /// Start a new session with the app password.
        case signIn
        /// Keep the response for the operator, then end with this verdict.
        case keep([UInt8], RefreshVerdict)
        /// End with this verdict.
        case finish(RefreshVerdict)
    }

    /// Whether an earlier process began a refresh and did not end it.
    let followsCrash: Bool
    /// Whether the server may have spent the token already, in this or an earlier attempt.
    private(set) var isOutcomeUnknown: Bool
    private var hasRepeated = false
    private var hasRepeatedForAssertion = false
    private var hasLookedUp = false
    private var hasSignedIn = false

    init(followsCrash: Bool, isOutcomeUnknown: Bool) {
        self.followsCrash = followsCrash
        self.isOutcomeUnknown = isOutcomeUnknown || followsCrash
    }

    /// Decides what to do after a response.
    mutating func handle(_ reply: RefreshReply) -> Step {
        switch reply {
        case .tokens(let tokens): return .finish(.rotated(tokens))
        case .noTokens(let body):
            return .keep(body, .unproven(.unusableAnswer, "a refresh was answered with 200 and no tokens"))
        case .unusable(let body):
            return .keep(body, .setAside("a refresh was answered with tokens that cannot be used"))
        case .outcomeUnknown(let detail):
            // Row 14. If the server rotated the token, asking again loses nothing; if it did not, this repairs it. A
            // sign-in is not repeated at once, because servers allow few (`RetryPace`).
            guard !hasSignedIn else { return .finish(.postponed(.signInUnavailable, detail)) }
            isOutcomeUnknown = true
            guard !hasRepeated else { return .finish(.postponed(.ambiguous, detail)) }
            hasRepeated = true
            return .sendAgain(after: 2...5)
        case .proofReplayed:
            // Row 8: a copy arrived, so the outcome is unknown here, too.
            return handle(.outcomeUnknown("the server saw the same proof before"))
        case .assertionReused:
            guard !hasRepeatedForAssertion else {
                return .finish(.postponed(.ambiguous, "the server saw the client assertion before"))
            }
            hasRepeatedForAssertion = true
            return .sendAgain(after: 0...0)
        case .endpointGone(let detail):
            guard !hasLookedUp else { return .finish(.unproven(.endpointGone, detail)) }
            hasLookedUp = true
            return .lookUp
        case .ended(let proof, let detail):
            // Row 13. Do not repeat it: the second response would only say that the token is unknown.
            let reason: SessionProblem.Reason =
                proof.isExpiry ? .sessionEnded : followsCrash ? .lostInCrash : .tokenDead
            return .finish(.ended(reason, detail, mayStillServe: isOutcomeUnknown))
        case .passwordSessionEnded:
            guard !hasSignedIn else {
                return .finish(.unproven(.unrecognizedRefusal, "a new session ended at once"))
            }
            hasSignedIn = true
            return .signIn
        case .grantRefused(let detail): return .finish(.unproven(.refreshRefused, detail))
        case .unrecognized(let text): return .finish(.unproven(.unrecognizedRefusal, text))
        case .nonceWanted: return .finish(.postponed(.nonce, "the server asks for a nonce again and again"))
        case .clock(let detail): return .finish(.postponed(.clock, detail))
        case .metadataUnavailable(let detail): return .finish(.postponed(.clientMetadata, detail))
        case .unreachable(let detail): return .finish(.postponed(.unreachable, detail))
        case .rateLimited(let wait): return .finish(.rateLimited(wait))
        case .accountInactive(let detail): return .finish(.postponed(.account, detail))
        case .proofRefused(let detail): return .finish(.misfit(.proofRefused, detail))
        case .clientRefused(let detail): return .finish(.misfit(.clientRefused, detail))
        case .impossible(let detail): return .finish(.misfit(.credentials, detail))
        case .passwordRefused(let detail): return .finish(.passwordRefused(detail))
        }
    }
}
