extension Reason {
    /// What happened and, where there is something to do, what the operator does.
    public var sentence: String {
        switch self {
        case .referenceMissing: "The record has none of the rule's reference paths."
        case .referenceKindRefused: "The record's reference is of a form that the rule does not accept."
        case .referenceMalformed: "The record's reference is neither a valid AT-URI nor a valid DID."
        case .referenceWithoutRecord: "The reference names a repository or a collection instead of a project's record."
        case .referenceWithoutOwner: "The reference is a bare DID, and the rule does not say that it is the owner's."
        case .projectCollectionUnexpected: "The reference points into a collection that the rule does not expect."
        case .didUnsupported: "The DID is of a method or a form that this network does not use."
        case .conditionUnmet: "The record does not fulfil what the rule asks of it under 'when', so it is no news."
        case .projectsAboveLimit:
            "The record refers to more projects than the rule's maximum_projects; nobody is told of those above it."
        case .tooOld:
            "The record is older than the window for new change requests, so it is no news to anybody; if the clocks were wrong, "
                + "'jobs retry' has it told."
        case .recordBeforeRule:
            "The record was written before any rule waited for such records, so it is no news; 'jobs retry' has it told."
        case .recordResynchronized: "The repository was told again as a whole; the record is old, so it is no news."
        case .recordImported: "The record was moved or imported: its key is old, so it is no news."
        case .recordBackdated: "The record says of itself that it is old, so it is no news."
        case .compositionFailed: "The message cannot be put within the chat's limits; shorten the templates."
        case .authorIsOwner: "The author is the owner: nobody needs a message about what they did themselves."
        case .ownerIsSender: "The owner is the account that sends the messages."
        case .authorBlocked: "The author is on the list of blocked authors."
        case .authorInactive: "The author's account was deactivated, suspended or deleted."
        case .authorBurst:
            "The author wrote more requests at once than a person does; raise policy.author_burst if they may."
        case .authorLimit: "The author's messages for this hour are used up; the request waits."
        case .ownerLimit: "The owner's messages for this hour or day are used up; the request waits."
        case .globalLimit: "The messages of this day are used up; the request waits."
        case .digestWindow: "The owner got a message just now; what comes in meanwhile is told in the next one."
        case .ownerSuppressed: "The owner is on the suppression list; see 'suppress list'."
        case .projectMuted: "The owner has muted the project; see 'recipients show'."
        case .ownerNotAllowed: "The owner is not on the allow list, and recipients is 'allowlist'."
        case .ownerNotFollowing:
            "The owner does not follow the sender, and recipients is 'followers'; it waits for that."
        case .relationshipUnknown: "The AppView did not say whether the owner follows the sender; asked again later."
        case .collaboratorUnconfirmed:
            "No record of the owner's, nor one of their own, says that they work on the project; see 'granted_by'."
        case .subscriptionUnconfirmed:
            "The stream told of a subscription that the subscriber's repository does not hold."
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
            "The author's repository does not hold the record: deleted meanwhile, or the stream made it up."
        case .proofInvalid: "The author's PDS gave a proof that their key did not sign, or that does not fit together."
        case .proofUnavailable: "The author's PDS did not give a proof of the record; asked again, for a day."
        case .identityUnavailable: "The DID directory or host did not answer; asked again later."
        case .didNotFound: "The directory says that there is no such DID."
        case .didDocumentInvalid: "What came as the DID document is none, or another account's; asked again later."
        case .didDocumentWithoutPDS: "The DID document names no PDS, so the account is likely broken."
        case .hostRefused: "The host was chosen by a stranger and the guard does not go there."
        case .hostPaused: "The host failed too often just now; asked again when its pause is over."
        case .handleUnresolved: "The handle does not lead to a DID that names it back."
        case .projectNotFound: "The project's record does not exist in an active repository."
        case .projectUnavailable: "The owner's PDS did not give the project's record; asked again later."
        case .projectInvalid: "The owner's PDS answered with something that is not the project's record."
        case .ownerFieldInvalid: "The project's record has no supported DID in the field that the rule names."
        case .referenceCircular: "The records that lead to the project lead in a circle."
        case .indexUnavailable: "The index that the rule asks did not answer as it should; asked again later."
        case .indexUnknown: "The index that the rule asks knows no owner; asked again for lookup.index_patience."
        case .ownerUnconfirmed:
            "The owner's own record does not confirm what the index says, so nobody is told; asked again for a while."
        case .ownerAmbiguous:
            "Several accounts hold a record of the same project, so nobody can say whose it is; all but one must withdraw it."
        case .ownerIsNoPerson:
            "The owner is a repository, a group or an organisation, whose chat nobody reads; let the rule name a person: "
                + "owner_from index or project-record-field."
        case .repositoryNotFound: "The PDS does not know the repository, which may be moving; asked again for a day."
        case .repositoryInactive: "The owner's account is not active; asked again later."
        case .repositoryGone: "The owner's account was deleted or taken down."
        case .connectionFailed: "The request could not leave: name, connection or TLS failed; tried again."
        case .outcomeUnknown: "Nobody knows whether the message arrived; the conversation is read before anything else."
        case .answerUnreadable: "The answer of a read was cut or is not what it should be; tried again."
        case .answerMisdirected: "The answer is about somebody or something else than was asked for; tried again."
        case .nonceRejected: "The PDS asks for a fresh DPoP nonce again and again; check the clock."
        case .tokenRejected: "The access token was refused even after a refresh; run 'impact-notifier login'."
        case .proofRejected: "The DPoP proof was refused twice; check this machine's clock."
        case .loginRequired: "The session is over; run 'impact-notifier login'."
        case .sessionMisconfigured:
            "Session, configuration and client metadata do not fit; run 'impact-notifier doctor'."
        case .sessionUnavailable:
            "The session cannot be used just now, and is asked about again; run 'impact-notifier session status'."
        case .authorizationMalformed: "The PDS does not understand the authorization; run 'impact-notifier doctor'."
        case .scopeMissing:
            "The session may not write direct messages (scope transition:chat.bsky, or an app password with access to them); "
                + "run 'impact-notifier login' again."
        case .mentionScopeMissing:
            "The session may not write posts, so nobody is mentioned; run 'impact-notifier login' again."
        case .serviceTokenRejected: "The chat service refuses the PDS's own token; tell the PDS's operator if it lasts."
        case .senderAccountInactive:
            "The sender's account is deactivated, taken down or unknown at its PDS; if it moved to another one, run "
                + "'impact-notifier login' again, else talk to its host."
        case .proxyMisconfigured: "The chat.proxy setting is wrong; it reads did:web:api.bsky.chat#bsky_chat."
        case .proxyUnresolved: "The PDS cannot resolve the chat service's DID; tried for an hour."
        case .chatNotReachable: "The call did not reach the chat service: proxy header lost, or the service is down."
        case .pdsRateLimited: "The PDS limits its requests; everything waits until it says."
        case .chatRateLimited: "The chat service limits the sender; everything waits, longer each time."
        case .upstreamUnreachable: "The PDS could not reach the chat service; tried again."
        case .serverError: "The PDS or the chat service failed; tried again."
        case .ownerDoesNotFollow: "The owner takes messages only from people they follow; it waits for that."
        case .ownerDisabledMessages: "The owner takes no messages from anybody; asked again weekly."
        case .ownerBlocked: "The owner and the sender block each other; the owner gets nothing any more."
        case .recipientNotFound: "The chat service does not know the owner; common for accounts of other apps."
        case .recipientSuspended: "The owner's account is suspended."
        case .accountSuspended: "An account is suspended; whose is being found out."
        case .senderChatDisabled: "The sender may not chat: moderated, or no chat account; look at it in the app."
        case .alreadyTold:
            "The conversation holds a message about it that this ledger does not know: restored, or another daemon's."
        case .possiblyTold:
            "The conversation does not say whether the owner was told; look into the chat, then 'jobs retry' to send it, "
                + "or 'jobs drop'."
        case .conversationNotFound: "The conversation is not known any more and could not be opened anew."
        case .conversationLocked: "The conversation is locked."
        case .conversationUnreadable: "The conversation cannot be read, so nobody knows whether the message arrived."
        case .replyTargetNotFound: "The message to answer is gone; tried again without it."
        case .requestRefused: "The chat service calls the request invalid; this is a defect here, please report it."
        case .answersUnreadable:
            "What owners answered could not be read for six hours, and one may have said 'stop': nothing is sent until it can."
        case .messageTooLarge: "The message is larger than the service takes; shorten the templates."
        case .waiting: "Nothing is wrong; it is waiting for its turn."
        case .mentionPosted: "The owner takes no messages; they were mentioned in a public post, as they agreed to."
        case .sendsExhausted:
            "Sent as often as allowed, each time without a trace; look, then 'jobs retry' or 'jobs drop'."
        case .waitExpired: "It waited as long as allowed for the owner to take messages."
        case .queueExpired:
            "It was queued for longer than policy.maximum_queue_age: nothing could be sent, or limits are too low for what comes in; "
                + "'jobs retry' has it told."
        case .ownerStopped: "The owner answered with the word to stop."
        case .operatorDecision: "An operator decided it."
        case .ruleRemoved: "The rule is gone, or reads other collections now; 'jobs move' brings it under another."
        case .shadowMode:
            "Sending is off (sending.enabled), or was when this was seen; once it is on, 'jobs retry' has it told."
        }
    }
}
