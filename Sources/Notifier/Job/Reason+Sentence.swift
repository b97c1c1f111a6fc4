extension Reason {
    /// What happened, and what the operator can do, if anything.
    public var sentence: String {
        switch self {
        case .referenceMissing:
            "The record has none of the fields in which the rule looks for the project (reference_paths)."
        case .referenceKindRefused: "The record names its project in a form that the rule does not accept (accepts)."
        case .referenceMalformed: "What the record names as its project is neither a valid AT-URI nor a valid DID."
        case .referenceWithoutRecord:
            "The record names a repository or a collection as its project instead of one record."
        case .referenceWithoutOwner:
            """
            The record names its project by a bare DID, and the rule does not say that this is the owner's \
            (owner_from).
            """
        case .projectCollectionUnexpected:
            "The record names a project in a collection that the rule does not expect (project_collections)."
        case .didUnsupported: "The DID is of a method or a form that this network does not use."
        case .conditionUnmet: "The record does not meet the rule's conditions (when), so it is no change request."
        case .projectsAboveLimit:
            "The record refers to more projects than the rule's maximum_projects; nobody is told of those above it."
        case .tooOld:
            """
            The record is older than policy.maximum_age, so it is no news; if a clock was wrong, run \
            'impact-notifier jobs retry' to tell the owner.
            """
        case .recordBeforeRule:
            """
            The record was written before there was a rule for such records, so it is no news; run 'impact-notifier \
            jobs retry' to tell the owner.
            """
        case .recordResynchronized:
            "The stream repeated the author's whole repository, and this record of it is old, so it is no news."
        case .recordImported: "The record's key is old, as after a move or an import, so it is no news."
        case .recordBackdated: "The record says of itself that it is old, so it is no news."
        case .compositionFailed: "No message within the chat's limits can be made of it; shorten the rule's message."
        case .authorIsOwner: "The author is the owner: nobody needs a message about what they did themselves."
        case .ownerIsSender: "The owner is the account that sends the messages."
        case .authorBlocked: "The author is on the list policy.blocked_authors."
        case .authorInactive: "The author's account was deactivated, suspended or deleted."
        case .authorBurst:
            "The author wrote more requests at once than a person does; raise policy.author_burst if they may."
        case .authorLimit: "The limit of messages about this author's requests is reached for this hour; the job waits."
        case .ownerLimit: "The limit of messages to this owner is reached for this hour or day; the job waits."
        case .globalLimit: "The limit of messages of a day is reached (sending.daily_limit); the job waits."
        case .digestWindow:
            "The owner got a message just now (digest.window); what comes meanwhile is told in the next one."
        case .ownerSuppressed: "The owner is on the suppression list; see 'impact-notifier suppress list'."
        case .projectMuted: "The owner has muted the project; see 'impact-notifier recipients show'."
        case .ownerNotAllowed: "The owner is not on policy.allowlist, and policy.recipients is allowlist."
        case .ownerNotFollowing:
            "The owner does not follow the sender, and policy.recipients is followers; the job waits until they do."
        case .relationshipUnknown: "The AppView did not say whether the owner follows the sender; asked again later."
        case .collaboratorUnconfirmed:
            "Neither a record of the owner's nor one of their own says that they work on the project (granted_by)."
        case .subscriptionUnconfirmed: "The stream brought a subscription that is not in the subscriber's repository."
        case .subscriptionEnded: "The recipient does not subscribe to the project, or to the request, any more."
        case .peopleAboveLimit:
            """
            The project has more collaborators and subscribers than the rule's maximum_people, or its owner more records of \
            them than are read; the others are not told.
            """
        case .roleNotTold:
            "The rule tells owners, collaborators or subscribers, and the recipient is none of those it names."
        case .nobodyToTell:
            "The rule does not tell the owner, and the project has no collaborator or subscriber to tell."
        case .recordDeleted: "The change request was deleted before a message was sent."
        case .recordReplaced: "The change request was replaced by a newer version before a message was sent."
        case .ownerChanged: "A newer version of the change request is about another owner's project."
        case .recordNotFound:
            "The author's repository does not hold the record: it was deleted meanwhile, or the stream is wrong."
        case .proofInvalid:
            "The author's PDS gave a proof of the record that is not signed by the author's key, or is damaged."
        case .proofUnavailable: "The author's PDS did not give a proof of the record; asked again for a day."
        case .identityUnavailable: "The DID directory, or the host of a did:web, did not answer; asked again later."
        case .didNotFound: "The DID directory says that there is no such DID."
        case .didDocumentInvalid: "The answer was no DID document, or that of another account; asked again later."
        case .didDocumentWithoutPDS: "The DID document names no PDS: the account is likely broken."
        case .hostRefused: "A stranger chose this host, and it is no public one, so it is not asked."
        case .hostPaused: "The host failed too often and is left alone for a while; asked again after that."
        case .handleUnresolved: "The handle does not lead to a DID whose document names the handle."
        case .projectNotFound: "The owner's account is active, but the project's record does not exist."
        case .projectUnavailable: "The owner's PDS did not give the project's record; asked again later."
        case .projectInvalid: "The owner's PDS answered with something that is not the project's record."
        case .ownerFieldInvalid: "The project's record has no supported DID in the field that the rule names."
        case .referenceCircular: "The records that should lead to the project refer to each other in a circle."
        case .indexUnavailable: "The index that the rule asks did not answer as it should; asked again later."
        case .indexUnknown: "The index that the rule asks knows no owner yet; asked again for lookup.index_patience."
        case .ownerUnconfirmed:
            "The owner's own record does not confirm what the index says, so nobody is told; asked again for a while."
        case .ownerAmbiguous:
            "Several accounts hold a record of the same project, so nobody can say whose it is; all but one must withdraw it."
        case .ownerIsNoPerson:
            "The owner is a repository, a group or an organisation, whose chat nobody reads; let the rule name a person: "
                + "owner_from index or project-record-field."
        case .repositoryNotFound:
            "The PDS does not know the repository: the account may be moving; asked again for a day."
        case .repositoryInactive: "The owner's account is not active; asked again later."
        case .repositoryGone: "The owner's account was deleted or taken down."
        case .connectionFailed:
            "The call could not be sent: resolving the name, the connection or TLS failed; tried again."
        case .outcomeUnknown:
            "Nobody knows whether the message arrived; the conversation is read before anything is sent again."
        case .answerUnreadable: "The answer was cut off, or is not what it should be; tried again."
        case .answerMisdirected: "The answer is about somebody or something else than was asked about; tried again."
        case .nonceRejected: "The PDS asks for a new DPoP nonce again and again; check this machine's clock."
        case .tokenRejected: "The PDS refused the access token even after it was renewed; run 'impact-notifier login'."
        case .proofRejected: "The PDS refused the DPoP proof twice; check this machine's clock."
        case .loginRequired: "The session is over; run 'impact-notifier login'."
        case .sessionMisconfigured:
            "Session, configuration and client metadata do not fit together; run 'impact-notifier doctor'."
        case .sessionUnavailable:
            "The session cannot be used just now; tried again; run 'impact-notifier session status' to see why."
        case .authorizationMalformed: "The PDS does not understand the authorization; run 'impact-notifier doctor'."
        case .scopeMissing:
            "The session may not write direct messages (scope transition:chat.bsky, or an app password with access to them); "
                + "run 'impact-notifier login' again."
        case .mentionScopeMissing:
            "The session may not write posts, so nobody is mentioned; run 'impact-notifier login' again."
        case .serviceTokenRejected:
            "The chat service refuses what the PDS signs for it; tell the PDS's operator if it lasts."
        case .senderAccountInactive:
            "The sender's account is deactivated, taken down or unknown at its PDS; if it moved to another one, run "
                + "'impact-notifier login' again, else talk to its host."
        case .proxyMisconfigured: "chat.proxy is wrong; for Bluesky it is did:web:api.bsky.chat#bsky_chat."
        case .proxyUnresolved: "The PDS cannot resolve the chat service's DID; tried again for an hour."
        case .chatNotReachable:
            """
            The call did not reach the chat service: the atproto-proxy header was lost on the way, or the service is \
            down.
            """
        case .pdsRateLimited: "The PDS limits the number of calls; everything waits for as long as it says."
        case .chatRateLimited: "The chat service limits the sender; everything waits, longer each time."
        case .upstreamUnreachable: "The PDS could not reach the chat service; tried again."
        case .serverError: "The PDS or the chat service failed; tried again."
        case .ownerDoesNotFollow:
            "The owner takes messages only from people they follow; the job waits until they follow the sender."
        case .ownerDisabledMessages: "The owner takes no messages from anybody; asked again weekly."
        case .ownerBlocked: "The owner or the sender blocks the other; the owner gets no more messages."
        case .recipientNotFound: "The chat service does not know the owner; common for accounts of other apps."
        case .recipientSuspended: "The owner's account is suspended."
        case .accountSuspended:
            "An account is suspended; it is being found out whether it is the sender's or the owner's."
        case .senderChatDisabled: "The sender may not chat: moderated, or no chat account; look at it in the app."
        case .alreadyTold:
            """
            The conversation holds a message about it that this ledger does not know: a backup was restored here, or \
            another daemon sent it.
            """
        case .possiblyTold:
            """
            The conversation does not show whether the owner was told; look into the chat, then run 'impact-notifier \
            jobs retry' to send the message, or 'impact-notifier jobs drop'.
            """
        case .conversationNotFound:
            "The chat service does not know the conversation any more, and a new one could not be opened."
        case .conversationLocked: "The conversation is locked."
        case .conversationUnreadable: "The conversation cannot be read, so nobody knows whether the message arrived."
        case .replyTargetNotFound: "The message to answer is gone; tried again without it."
        case .requestRefused:
            "The chat service says that the call is invalid, a defect of this program; please report it."
        case .answersUnreadable:
            """
            Owners' answers could not be read for six hours, and one may be STOP: nothing is sent until they can be \
            read.
            """
        case .messageTooLarge: "The message is larger than the chat service takes; shorten the rule's message."
        case .waiting: "Nothing is wrong; the job waits for its turn."
        case .mentionPosted: "The owner takes no messages; they were mentioned in a public post, as they agreed to."
        case .sendsExhausted:
            """
            Sent as often as allowed, and it never showed in the conversation; look into the chat, then run \
            'impact-notifier jobs retry' or 'impact-notifier jobs drop'.
            """
        case .waitExpired: "The owner did not take messages within policy.wait_expiry."
        case .queueExpired:
            """
            It waited to be sent for longer than policy.maximum_queue_age: nothing could be sent, or limits are too \
            low for what comes in; run 'impact-notifier jobs retry' to tell the owner.
            """
        case .ownerStopped: "The owner answered STOP."
        case .operatorDecision: "An operator decided this."
        case .ruleRemoved:
            """
            The rule is gone, or reads other collections now; run 'impact-notifier jobs move' to put it under \
            another rule.
            """
        case .shadowMode:
            """
            Nothing was sent, for sending.enabled is or was false; once it is true, run 'impact-notifier jobs retry' \
            to tell the owner.
            """
        }
    }
}
