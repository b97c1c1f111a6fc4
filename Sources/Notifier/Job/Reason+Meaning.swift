extension Reason {
    /// What makes a request, or a job, that waits for this reason go on.
    public enum Wait: String, Sendable, CaseIterable {
        /// A follow of the recipient.
        case follow
        /// Another setting of ours, or of the recipient's: asked again by sending, slowly.
        case setting
        /// An account that is active again.
        case account
        /// Room below a limit.
        case limit
        /// Time alone.
        case time
    }

    /// Whether another version of the record could make it go away.
    public var isAboutRecord: Bool {
        switch self {
        case .referenceMissing, .referenceKindRefused, .referenceMalformed, .referenceWithoutRecord,
            .referenceWithoutOwner, .projectCollectionUnexpected, .didUnsupported, .conditionUnmet, .projectNotFound,
            .proofInvalid, .proofUnavailable, .recordDeleted, .recordNotFound, .recordReplaced, .compositionFailed,
            .messageTooLarge:
            true
        default: false
        }
    }

    /// Whether it says, of most that a rule matches, that records or an index are otherwise than the rule expects.
    var meansDrift: Bool {
        switch self {
        case .referenceMissing, .referenceKindRefused, .referenceMalformed, .referenceWithoutRecord,
            .referenceWithoutOwner, .projectCollectionUnexpected, .didUnsupported, .ownerFieldInvalid,
            .referenceCircular, .indexUnknown, .ownerUnconfirmed:
            true
        default: false
        }
    }

    /// Whether a reference to another project could make it go away.
    public var isAboutReference: Bool {
        switch self {
        case .authorIsOwner, .ownerIsSender, .ownerSuppressed, .ownerNotAllowed, .projectMuted, .ownerBlocked,
            .ownerStopped, .hostRefused,
            .hostPaused, .identityUnavailable, .didNotFound, .didDocumentInvalid, .didDocumentWithoutPDS,
            .handleUnresolved, .projectUnavailable, .projectInvalid, .ownerFieldInvalid, .repositoryNotFound,
            .referenceCircular, .indexUnavailable, .indexUnknown, .ownerUnconfirmed, .ownerAmbiguous, .ownerIsNoPerson,
            .repositoryInactive, .repositoryGone, .recipientNotFound, .recipientSuspended, .collaboratorUnconfirmed,
            .subscriptionEnded, .nobodyToTell:
            true
        default: isAboutRecord
        }
    }

    /// Whether a job that was dropped for it is judged anew when its request is looked up again.
    public var isJudgedAnew: Bool {
        isAboutReference || yieldsToNewVersion || [.ruleRemoved, .roleNotTold, .authorBlocked].contains(self)
    }

    /// Whether what fails so with one recipient alone says nothing of the others.
    var mayBeOneRecipients: Bool {
        [.answerUnreadable, .serverError, .requestRefused, .outcomeUnknown, .upstreamUnreachable].contains(self)
    }

    /// Whether a newer version of the record takes it back.
    public var yieldsToNewVersion: Bool {
        switch self {
        case .recordDeleted, .recordReplaced, .ownerChanged, .collaboratorUnconfirmed, .subscriptionEnded,
            .recordNotFound, .authorInactive, .authorBurst:
            true
        default: false
        }
    }
}

extension Reason {
    /// Whether an owner who agreed to that is mentioned in public while their request waits for it.
    var allowsMention: Bool {
        self == .ownerDoesNotFollow || self == .ownerNotFollowing || self == .ownerDisabledMessages
    }
}
