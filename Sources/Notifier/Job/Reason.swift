/// Why a change request stands where it stands: a stable code for logs, metrics, `explain` and the ledger.
///
/// Invariant 9: every message that is not sent has a reason, and every reason has a ``sentence``.
public enum Reason: String, Sendable, CaseIterable {
    // About the record.
    case referenceMissing = "reference-missing"
    case referenceKindRefused = "reference-kind-refused"
    case referenceMalformed = "reference-malformed"
    case referenceWithoutRecord = "reference-without-record"
    case referenceWithoutOwner = "reference-without-owner"
    case projectCollectionUnexpected = "project-collection-unexpected"
    case didUnsupported = "did-unsupported"
    /// The record does not meet the rule's conditions, or does so no longer.
    case conditionUnmet = "condition-unmet"
    case projectsAboveLimit = "projects-above-limit"
    case tooOld = "too-old"
    /// It was written before any rule followed such records.
    case recordBeforeRule = "record-before-rule"
    /// The repository was replaced as a whole, and the stream repeated its old records.
    case recordResynchronized = "record-resynchronized"
    /// Its key is old, but it was written now: a move or an import.
    case recordImported = "record-imported"
    /// Its key is new, but its own date is old.
    case recordBackdated = "record-backdated"
    case compositionFailed = "composition-failed"

    // About the author and the recipient.
    case authorIsOwner = "author-is-owner"
    case ownerIsSender = "owner-is-sender"
    case authorBlocked = "author-blocked"
    case authorInactive = "author-inactive"
    case authorBurst = "author-burst"
    case authorLimit = "author-limit"
    case ownerLimit = "owner-limit"
    case globalLimit = "global-limit"
    case digestWindow = "digest-window"
    case ownerSuppressed = "owner-suppressed"
    case ownerNotAllowed = "owner-not-allowed"
    case projectMuted = "project-muted"
    case ownerNotFollowing = "owner-not-following"
    case relationshipUnknown = "relationship-unknown"
    /// Neither the owner's repository nor the collaborator's own says that they work on the project.
    case collaboratorUnconfirmed = "collaborator-unconfirmed"
    /// The stream told of a subscription that is not in the subscriber's repository.
    case subscriptionUnconfirmed = "subscription-unconfirmed"
    case subscriptionEnded = "subscription-ended"
    case peopleAboveLimit = "people-above-limit"
    /// The rule does not tell people with this role.
    case roleNotTold = "role-not-told"
    case nobodyToTell = "nobody-to-tell"

    // About the record's later history.
    case recordDeleted = "record-deleted"
    case recordReplaced = "record-replaced"
    case ownerChanged = "owner-changed"
    /// The author's repository does not have it.
    case recordNotFound = "record-not-found"
    case proofInvalid = "proof-invalid"
    case proofUnavailable = "proof-unavailable"

    // About who the owner is.
    case identityUnavailable = "identity-unavailable"
    case didNotFound = "did-not-found"
    case didDocumentInvalid = "did-document-invalid"
    case didDocumentWithoutPDS = "did-document-without-pds"
    case hostRefused = "host-refused"
    case hostPaused = "host-paused"
    case handleUnresolved = "handle-unresolved"
    case projectNotFound = "project-not-found"
    case projectUnavailable = "project-unavailable"
    case projectInvalid = "project-invalid"
    case ownerFieldInvalid = "owner-field-invalid"
    case referenceCircular = "reference-circular"
    case indexUnavailable = "index-unavailable"
    case indexUnknown = "index-unknown"
    case ownerUnconfirmed = "owner-unconfirmed"
    case ownerAmbiguous = "owner-ambiguous"
    /// The owner is a repository, a group or an organisation.
    case ownerIsNoPerson = "owner-is-no-person"
    case repositoryNotFound = "repository-not-found"
    case repositoryInactive = "repository-inactive"
    case repositoryGone = "repository-gone"

    // About reaching the chat service.
    case connectionFailed = "connection-failed"
    case outcomeUnknown = "outcome-unknown"
    case answerUnreadable = "answer-unreadable"
    case answerMisdirected = "answer-misdirected"
    case nonceRejected = "nonce-rejected"
    case tokenRejected = "token-rejected"
    case proofRejected = "proof-rejected"
    case loginRequired = "login-required"
    case sessionMisconfigured = "session-misconfigured"
    case sessionUnavailable = "session-unavailable"
    case authorizationMalformed = "authorization-malformed"
    case scopeMissing = "scope-missing"
    case mentionScopeMissing = "mention-scope-missing"
    case serviceTokenRejected = "service-token-rejected"
    case senderAccountInactive = "sender-account-inactive"
    case proxyMisconfigured = "proxy-misconfigured"
    case proxyUnresolved = "proxy-unresolved"
    case chatNotReachable = "chat-not-reachable"
    case pdsRateLimited = "pds-rate-limited"
    case chatRateLimited = "chat-rate-limited"
    case upstreamUnreachable = "upstream-unreachable"
    case serverError = "server-error"
    /// Answers cannot be read, so nobody's “stop” would be noticed.
    case answersUnreadable = "answers-unreadable"

    // About the answers of the chat service.
    case ownerDoesNotFollow = "owner-does-not-follow"
    case ownerDisabledMessages = "owner-disabled-messages"
    case ownerBlocked = "owner-blocked"
    case recipientNotFound = "recipient-not-found"
    case recipientSuspended = "recipient-suspended"
    case accountSuspended = "account-suspended"
    case senderChatDisabled = "sender-chat-disabled"
    /// The conversation holds a message about it that this ledger does not know.
    case alreadyTold = "already-told"
    /// The conversation does not show whether it was told.
    case possiblyTold = "possibly-told"
    case conversationNotFound = "conversation-not-found"
    case conversationLocked = "conversation-locked"
    case conversationUnreadable = "conversation-unreadable"
    case replyTargetNotFound = "reply-target-not-found"
    case requestRefused = "request-refused"
    case messageTooLarge = "message-too-large"

    // About our own decisions.
    case waiting = "waiting"
    /// It was told in public, as the owner agreed.
    case mentionPosted = "mention-posted"
    case sendsExhausted = "sends-exhausted"
    case waitExpired = "wait-expired"
    /// Its turn never came.
    case queueExpired = "queue-expired"
    case ownerStopped = "owner-stopped"
    case operatorDecision = "operator-decision"
    case ruleRemoved = "rule-removed"
    /// Sending is off, or was off when the record was seen.
    case shadowMode = "shadow-mode"
}
