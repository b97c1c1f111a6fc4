extension Reason {
    /// What the author of the request may know about this reason.
    ///
    /// It has no `default`, so that everybody who adds a reason decides what it reveals about people who were not
    /// asked.
    public var forRequester: RequesterReason {
        switch self {
        case .ownerSuppressed, .ownerStopped, .ownerBlocked, .ownerNotAllowed, .projectMuted, .ownerDisabledMessages,
            .authorBlocked, .recipientNotFound, .recipientSuspended, .conversationLocked, .operatorDecision,
            .ownerIsSender, .collaboratorUnconfirmed, .subscriptionUnconfirmed, .subscriptionEnded, .peopleAboveLimit,
            .roleNotTold, .nobodyToTell:
            .notTold
        // It ends two kinds of waits: for a follow, and for a setting of the recipient's, which is private.
        case .waitExpired: .notTold
        case .ownerNotFollowing, .ownerDoesNotFollow: .followNeeded
        case .waiting, .ownerLimit, .globalLimit, .digestWindow, .relationshipUnknown: .turn
        case .authorLimit: .authorLimit
        case .authorBurst: .authorBurst
        case .authorIsOwner: .ownRequest
        case .authorInactive: .authorInactive
        case .alreadyTold: .told
        case .mentionPosted: .toldInPublic
        case .possiblyTold, .sendsExhausted, .outcomeUnknown, .conversationUnreadable: .unclear
        case .shadowMode: .sendingOff
        case .queueExpired: .gaveUp
        case .compositionFailed, .messageTooLarge, .requestRefused, .replyTargetNotFound: .notSendable
        case .referenceMissing, .referenceKindRefused, .referenceMalformed, .referenceWithoutRecord,
            .referenceWithoutOwner, .projectCollectionUnexpected, .didUnsupported, .referenceCircular:
            .referenceUnusable
        case .projectsAboveLimit: .tooManyProjects
        case .conditionUnmet: .conditionUnmet
        case .tooOld, .recordBeforeRule, .recordResynchronized, .recordImported, .recordBackdated: .old
        case .recordDeleted, .recordReplaced, .ownerChanged: .withdrawn
        case .recordNotFound, .proofInvalid, .proofUnavailable: .unproven
        case .ruleRemoved: .ruleRemoved
        case .projectNotFound: .projectNotFound
        case .projectInvalid, .ownerFieldInvalid: .projectUnusable
        case .identityUnavailable, .didDocumentInvalid, .hostRefused, .hostPaused, .projectUnavailable,
            .indexUnavailable:
            .ownerOutOfReach
        case .didNotFound, .didDocumentWithoutPDS, .handleUnresolved, .indexUnknown: .ownerUnknown
        case .ownerUnconfirmed: .ownerUnconfirmed
        case .ownerAmbiguous: .ownerAmbiguous
        case .ownerIsNoPerson: .ownerIsNoPerson
        case .repositoryInactive, .repositoryNotFound, .repositoryGone: .ownerInactive
        case .connectionFailed, .answerUnreadable, .answerMisdirected, .nonceRejected, .tokenRejected, .proofRejected,
            .loginRequired, .sessionMisconfigured, .sessionUnavailable, .authorizationMalformed, .scopeMissing,
            .mentionScopeMissing, .serviceTokenRejected, .senderAccountInactive, .proxyMisconfigured,
            .proxyUnresolved, .chatNotReachable, .pdsRateLimited, .chatRateLimited, .upstreamUnreachable,
            .serverError, .answersUnreadable, .accountSuspended, .senderChatDisabled, .conversationNotFound:
            .sendingInterrupted
        }
    }
}
