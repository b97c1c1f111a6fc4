internal import ATProtocol
internal import Network

/// Decides what to do about a failure; a pure function, and the only place that decides it.
///
/// The rows are those of docs/delivery.md; the first match counts. A named error is matched by its name, else by a
/// piece of its message (the service has named its errors only since 2026, and some clients see the name inside the
/// message), else by its status.
public func classify(_ phase: CallPhase, _ failure: CallError) -> Verdict {
    switch failure {
    case .refused(let refusal) where refusal.reason == .hostPaused: return Verdict(30, .retry, .hostPaused)
    case .chatDisabled(isSender: true): return Verdict(23, .pause, .senderChatDisabled)
    case .chatDisabled(isSender: false): return Verdict(19, .defer, .ownerDisabledMessages)
    case .unproven(let failure): return classify(failure)
    case .refused(let refusal): return classify(refusal.reason)
    case .identity(let failure): return classify(failure)
    case .inactiveRepository(let status): return classify(repositoryStatus: status)
    case .misdirected:
        guard phase != .sendMessage else { return Verdict(46, .verify, .outcomeUnknown) }
        return Verdict(46, .retry, phase == .project ? .projectUnavailable : .answerMisdirected)
    case .session(let session): return classify(phase, session, failure)
    case .transport(let transport): return classify(phase, transport, failure)
    case .unreadable:
        guard phase != .sendMessage else { return Verdict(2, .verify, .outcomeUnknown) }
        if phase == .proof { return Verdict(40, .retry, .proofUnavailable) }
        if phase == .index { return Verdict(41, .retry, .indexUnavailable) }
        // The error page of a server under maintenance says nothing about the record.
        return Verdict(phase == .project ? 30 : 2, .retry, phase == .project ? .projectUnavailable : .answerUnreadable)
    case .answer(let error):
        switch phase {
        case .project: return classifyProject(error)
        case .index: return Verdict(41, .retry, .indexUnavailable)
        case .proof: return classifyProof(error)
        case .postMention:
            let verdict = classifyChat(phase, error)
            return verdict.reason == .scopeMissing ? Verdict(8, .pause, .mentionScopeMissing) : verdict
        default: return classifyChat(phase, error)
        }
    }
}

private func classify(_ reason: Reason) -> Verdict {
    switch reason {
    case .referenceMissing, .referenceKindRefused, .referenceMalformed, .referenceWithoutRecord, .didUnsupported,
        .referenceWithoutOwner, .projectCollectionUnexpected, .handleUnresolved, .ownerFieldInvalid, .referenceCircular:
        Verdict(31, .skip, reason)
    case .projectNotFound: Verdict(33, .drop, reason)
    case .projectInvalid: Verdict(32, .drop, reason)
    case .projectUnavailable: Verdict(30, .retry, reason)
    // An index lags behind the records.
    case .indexUnknown: Verdict(42, .retry, reason)
    case .ownerUnconfirmed: Verdict(43, .retry, reason)
    case .ownerAmbiguous: Verdict(44, .drop, reason)
    case .ownerIsNoPerson: Verdict(45, .skip, reason)
    default: Verdict(37, .skip, reason)
    }
}

private func classify(_ phase: CallPhase, _ session: SessionError, _ failure: CallError) -> Verdict {
    if let transport = session.transport { return classify(phase, transport, failure) }
    return switch session.code {
    case .needsLogin, .quarantined: Verdict(5, .pause, .loginRequired)
    case .misconfigured: Verdict(7, .pause, .sessionMisconfigured)
    default: Verdict(1, .retry, .sessionUnavailable)
    }
}

private func classify(_ phase: CallPhase, _ transport: HTTPError, _ failure: CallError) -> Verdict {
    if transport.code == .refusedHost { return Verdict(32, .drop, .hostRefused) }
    if phase == .index { return Verdict(41, .retry, .indexUnavailable) }
    if phase == .proof {
        return transport.code == .tooLarge ? Verdict(39, .drop, .proofInvalid) : Verdict(40, .retry, .proofUnavailable)
    }
    if phase == .project {
        return transport.code == .tooLarge
            ? Verdict(32, .drop, .projectInvalid) : Verdict(30, .retry, .projectUnavailable)
    }
    guard failure.mayHaveBeenCarriedOut else { return Verdict(1, .retry, .connectionFailed) }
    return phase == .sendMessage ? Verdict(2, .verify, .outcomeUnknown) : Verdict(2, .retry, .answerUnreadable)
}

private func classify(_ failure: IdentityError) -> Verdict {
    switch failure.code {
    case .notFound: Verdict(29, .retry, .didNotFound, escalation: .job(after: 1, .drop), wait: .seconds(300))
    case .handleUnresolved:
        Verdict(29, .retry, .handleUnresolved, escalation: .job(after: 1, .drop), wait: .seconds(300))
    case .unsupportedMethod: Verdict(31, .drop, .didUnsupported)
    case .invalidDocument: Verdict(30, .retry, .didDocumentInvalid)
    case .noPDS: Verdict(31, .drop, .didDocumentWithoutPDS)
    case .refusedHost: Verdict(32, .drop, .hostRefused)
    default: Verdict(30, .retry, .identityUnavailable)
    }
}

private func classify(repositoryStatus status: String?) -> Verdict {
    switch status {
    case "deleted", "takendown": Verdict(36, .drop, .repositoryGone)
    default: Verdict(35, .defer, .repositoryInactive)
    }
}

private func classifyProject(_ error: XRPCError) -> Verdict {
    switch (error.status, error.name) {
    case (_, "RepoNotFound"): Verdict(34, .retry, .repositoryNotFound, .resolveAgain)
    case (_, "RecordNotFound"),
        (400, _) where error.says("could not find repo") || error.says("could not locate record"):
        Verdict(33, .drop, .projectNotFound, .checkRepository)
    case (300..<400, _): Verdict(32, .drop, .projectInvalid)
    default: Verdict(30, .retry, .projectUnavailable)
    }
}

private func classifyProof(_ error: XRPCError) -> Verdict {
    switch error.name {
    // A server may lag behind; only a signed commit proves that there is no record.
    case "RecordNotFound": Verdict(38, .retry, .recordNotFound, escalation: .job(after: 1, .drop), wait: .seconds(60))
    case "RepoNotFound": Verdict(34, .retry, .repositoryNotFound, .resolveAgain)
    case "RepoTakendown", "RepoSuspended", "RepoDeactivated": Verdict(36, .drop, .authorInactive)
    default: Verdict(40, .retry, .proofUnavailable)
    }
}

private func classify(_ failure: RepositoryError) -> Verdict {
    if failure.code == .outdated {
        return Verdict(38, .retry, .recordNotFound, escalation: .job(after: 1, .drop), wait: .seconds(60))
    }
    // An account that changed its key a moment ago may not have signed its repository with it yet.
    return Verdict(39, .retry, .proofInvalid, escalation: .job(after: 1, .drop), wait: .seconds(300))
}

private func classifyChat(_ phase: CallPhase, _ error: XRPCError) -> Verdict {
    if error.status == 429 { return classifyLimit(error) }
    // A PDS uses the status text when there is no error name, so an edge's error page in front of the chat service
    // looks like a refusal.
    let inDoubt = Verdict(17, .verify, .outcomeUnknown)
    let unreadable = Verdict(17, .retry, .answerUnreadable, escalation: .sender(after: 5, .pause))
    if error.isStatusText, [400, 401, 413].contains(error.status) {
        return phase == .sendMessage ? inDoubt : unreadable
    }
    for rule in ClassificationTable.chat where rule.matches(error) { return rule.verdict }
    switch error.status {
    case 401 where error.name != nil: return Verdict(7, .pause, .authorizationMalformed)
    case 413 where error.name != nil: return Verdict(28, .drop, .messageTooLarge)
    case 400 where error.name != nil:
        return Verdict(27, .drop, .requestRefused, escalation: .sender(after: 2, .pause))
    // Without a name the answer is cut short or not from the service itself, so no message is dropped for it.
    case 400, 401: return unreadable
    case 413 where phase != .sendMessage: return unreadable
    case 408, 425, 500...:
        if phase == .sendMessage { return error.isUpstreamFailure ? Verdict(16, .verify, .outcomeUnknown) : inDoubt }
        return error.isUpstreamFailure
            ? Verdict(16, .retry, .upstreamUnreachable)
            : Verdict(17, .retry, .serverError, escalation: .sender(after: 12, .pause))
    // Only a load balancer's 403 and 404 certainly came before the message was handled.
    case let status where phase == .sendMessage && error.name == nil && ![403, 404].contains(status): return inDoubt
    default: return Verdict(13, .retry, .chatNotReachable, escalation: .sender(after: 2, .pause))
    }
}

// The `ratelimit-*` fields are always the PDS's own. When they leave room, the limit is the chat service's.
private func classifyLimit(_ error: XRPCError) -> Verdict {
    let remaining = error.headers["ratelimit-remaining"].flatMap { Int($0) }
    if remaining == 0 || (remaining == nil && error.headers["retry-after"] != nil) {
        return Verdict(14, .retry, .pdsRateLimited, hold: .pdsLimit)
    }
    return Verdict(15, .retry, .chatRateLimited, hold: .chatLimit)
}

extension XRPCError {
    fileprivate var isUpstreamFailure: Bool { name == "UpstreamFailure" || says("upstream service unreachable") }
}
