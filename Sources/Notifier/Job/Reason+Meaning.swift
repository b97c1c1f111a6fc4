extension Reason {
    /// What a request or job with this reason waits for.
    public enum Wait: String, Sendable, CaseIterable {
        /// A follow by the recipient.
        case follow
        /// Another setting of ours or of the recipient's; sending is tried again after long intervals.
        case setting
        /// An account's return to activity.
        case account
        /// Room within a limit.
        case limit
        /// Time only.
        case time
    }

    /// Whether another version of the record could remove this reason.
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

    /// Whether it suggests drift, when most of a rule's matches have it: records or an index differ from what the rule
    /// expects.
    var meansDrift: Bool {
        switch self {
        case .referenceMissing, .referenceKindRefused, .referenceMalformed, .referenceWithoutRecord,
            .referenceWithoutOwner, .projectCollectionUnexpected, .didUnsupported, .ownerFieldInvalid,
            .referenceCircular, .indexUnknown, .ownerUnconfirmed:
            true
        default: false
        }
    }

    /// Whether a reference to another project could remove this reason.
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

    /// Whether a job that was dropped with this reason is judged anew when its request is looked up again.
    public var isJudgedAnew: Bool {
        isAboutReference || yieldsToNewVersion || isOfSettings
    }

    /// Whether other settings could remove this reason of a request.
    var isOfSettings: Bool { [.ruleRemoved, .roleNotTold, .authorBlocked].contains(self) }

    /// Whether a failure with one recipient alone says nothing about the others.
    var mayBeOneRecipients: Bool {
        [.answerUnreadable, .serverError, .requestRefused, .outcomeUnknown, .upstreamUnreachable].contains(self)
    }

    /// Whether a newer version of the record overrides it.
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
    /// Whether an owner who agreed to mentions is mentioned while their request waits for this.
    var allowsMention: Bool {
        self == .ownerDoesNotFollow || self == .ownerNotFollowing || self == .ownerDisabledMessages
    }
}
