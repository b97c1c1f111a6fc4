extension Reason {
    /// What a request or job with this reason waits for; nil when nothing waits with it.
    public var waits: Wait? {
        switch self {
        case .ownerDoesNotFollow, .ownerNotFollowing, .relationshipUnknown: .follow
        case .ownerDisabledMessages: .setting
        case .repositoryInactive: .account
        case .authorLimit, .ownerLimit, .globalLimit, .digestWindow: .limit
        case .identityUnavailable, .didDocumentInvalid, .hostPaused, .projectUnavailable, .repositoryNotFound,
            .proofUnavailable,
            .connectionFailed, .outcomeUnknown, .answerUnreadable, .answerMisdirected, .nonceRejected, .tokenRejected,
            .proofRejected,
            .sessionUnavailable, .serviceTokenRejected, .proxyUnresolved, .chatNotReachable, .pdsRateLimited,
            .chatRateLimited, .upstreamUnreachable, .serverError, .accountSuspended, .conversationNotFound,
            .replyTargetNotFound, .recipientNotFound, .didNotFound, .handleUnresolved, .recordNotFound, .proofInvalid,
            .waiting, .indexUnavailable, .indexUnknown, .ownerUnconfirmed:
            .time
        default: nil
        }
    }

    /// Whether our own settings make it wait, so that other settings would let it go on.
    var isOfPolicy: Bool { self == .ownerNotFollowing || self == .relationshipUnknown }
}
