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
        case .loginRequired, .sessionMisconfigured, .authorizationMalformed, .scopeMissing, .mentionScopeMissing,
            .senderAccountInactive, .proxyMisconfigured, .senderChatDisabled, .answersUnreadable:
            nil
        case .referenceMissing, .referenceKindRefused, .referenceMalformed, .referenceWithoutRecord,
            .referenceWithoutOwner, .projectCollectionUnexpected, .didUnsupported, .tooOld, .recordBeforeRule,
            .recordResynchronized, .recordImported, .recordBackdated, .compositionFailed, .authorIsOwner,
            .ownerIsSender, .authorBlocked, .authorInactive, .authorBurst, .ownerSuppressed, .ownerNotAllowed,
            .projectMuted, .recordDeleted, .recordReplaced,
            .ownerChanged, .didDocumentWithoutPDS, .hostRefused, .projectNotFound, .projectInvalid,
            .ownerFieldInvalid, .repositoryGone, .ownerBlocked, .recipientSuspended, .conversationLocked,
            .conversationUnreadable, .alreadyTold, .possiblyTold, .requestRefused, .messageTooLarge, .mentionPosted,
            .sendsExhausted, .waitExpired, .queueExpired,
            .ownerStopped, .operatorDecision, .ruleRemoved, .conditionUnmet, .projectsAboveLimit, .referenceCircular,
            .ownerAmbiguous, .ownerIsNoPerson, .shadowMode, .collaboratorUnconfirmed, .subscriptionUnconfirmed,
            .subscriptionEnded, .peopleAboveLimit, .roleNotTold, .nobodyToTell:
            nil
        }
    }

    /// Whether our own settings make it wait, so that other settings would let it go on.
    var isOfPolicy: Bool { self == .ownerNotFollowing || self == .relationshipUnknown }
}
