/// One refresh from its first request to its verdict, as a state machine without clock or I/O.
///
/// It decides whether the same refresh token may be presented once more, which is the only dangerous question.
struct RefreshEpisode {
    /// What to do next.
    enum Step: Equatable {
        /// Present the same token again after that many seconds, unless the store now holds another one.
        case sendAgain(after: ClosedRange<Double>)
        /// Start a new session with the app password.
        case signIn
        /// It is over.
        case finish(RefreshVerdict)
    }

    /// Whether a refresh was begun and not ended by an earlier process.
    let followsCrash: Bool
    /// Whether the server may have spent the token already, here or in an earlier episode.
    private(set) var isOutcomeUnknown: Bool
    private var hasRepeated = false
    /// What the server said first when it refused the token: the second time it only says that it knows nothing.
    private var refusal: String?
    private var hasRepeatedForAssertion = false
    private var hasSignedIn = false

    init(followsCrash: Bool, isOutcomeUnknown: Bool) {
        self.followsCrash = followsCrash
        self.isOutcomeUnknown = isOutcomeUnknown || followsCrash
    }

    /// “Session expired” and “Refresh token expired” are ends that were to be expected.
    private func reason(of detail: String) -> SessionTrouble.Reason {
        if detail.contains("expired") { return .sessionEnded }
        return followsCrash ? .lostInCrash : .tokenDead
    }

    /// Decides on an answer.
    mutating func handle(_ reply: RefreshReply) -> Step {
        switch reply {
        case .tokens(let tokens): return .finish(.rotated(tokens))
        case .unusable(let body): return .finish(.unusable(body))
        case .outcomeUnknown(let detail):
            // Row 14. If the server rotated, nothing is lost by asking again; if it did not, this repairs it.
            // A sign-in counts against a limit of a hundred a day, so it is not repeated at once.
            guard !hasSignedIn else { return .finish(.postponed(.signInUnavailable, detail)) }
            isOutcomeUnknown = true
            guard !hasRepeated else { return .finish(.postponed(.ambiguous, detail)) }
            hasRepeated = true
            return .sendAgain(after: 2...5)
        case .proofReplayed:
            // Row 8: a copy arrived, so this is an unknown outcome with a different face.
            return handle(.outcomeUnknown("the server saw the same proof before"))
        case .assertionReused:
            guard !hasRepeatedForAssertion else {
                return .finish(.postponed(.ambiguous, "the server saw the client assertion before"))
            }
            hasRepeatedForAssertion = true
            return .sendAgain(after: 0...0)
        case .grantRefused(let detail):
            // Row 13: what is dead stays dead, so one confirmation with a new proof costs nothing.
            guard let refusal else {
                refusal = detail
                return .sendAgain(after: 0...1)
            }
            return .finish(.dead(reason(of: refusal), refusal, mayStillServe: isOutcomeUnknown))
        case .passwordSessionEnded:
            guard !hasSignedIn else { return .finish(.dead(.passwordRefused, "a new session ended at once", false)) }
            hasSignedIn = true
            return .signIn
        case .nonceWanted: return .finish(.postponed(.nonce, "the server asks for a nonce again and again"))
        case .clock(let detail): return .finish(.postponed(.clock, detail))
        case .metadataUnavailable(let detail): return .finish(.postponed(.clientMetadata, detail))
        case .unreachable(let detail): return .finish(.postponed(.unreachable, detail))
        case .rateLimited(let wait): return .finish(.rateLimited(wait))
        case .accountInactive(let detail): return .finish(.postponed(.account, detail))
        case .proofRefused(let detail): return .finish(.misfit(.proofRefused, detail))
        case .clientRefused(let detail): return .finish(.misfit(.clientRefused, detail))
        case .impossible(let detail): return .finish(.misfit(.credentials, detail))
        case .passwordRefused(let detail): return .finish(.dead(.passwordRefused, detail, false))
        case .unrecognized(let text): return .finish(.unrecognized(text))
        }
    }
}
