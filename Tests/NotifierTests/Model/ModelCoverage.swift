/// What must have happened in a walk, so that it is one.
enum ModelCoverage {
    /// Every step that a scenario names, each of which must have changed something.
    static let steps: Set<String> = {
        var all = Set(ModelScenario.all.flatMap(\.steps))
        all.formUnion(ModelStep.Sending.allCases.map { .send($0) })
        all.formUnion(ModelStep.Sending.allCases.map { .verify($0) })
        all.formUnion(ModelStep.Calling.allCases.map { .open($0) })
        all.formUnion(ModelStep.Finding.allCases.map { .find($0) })
        all.formUnion(ModelStep.Posting.allCases.map { .mention($0) })
        return Set(all.map(\.kind))
    }()

    /// What every event and every action of the machines does, as the end of a line of the search: which row, from where to where.
    static let required = requests + jobs + messages

    private static let requests = [
        "update: request resolved > lookup",  // updated, nothing speaks against it
        "update: request resolved > dropped(author-blocked)",  // updated, refused
        "delete: request resolved > dropped(record-deleted)",  // calledOff
        "authorGone: request lookup > dropped(author-inactive)",
        "burst: request lookup > dropped(author-burst)",
        "drop: request dropped(record-deleted) > dropped(operator-decision)",
        "find(recipients): request lookup > resolved",  // resolved
        "find(nothing): request lookup > dropped(project-not-found)",  // refused
        "find(unreachable): request lookup > lookup(project-unavailable)",  // failed: retry
        "find(accountInactive): request lookup > lookup(repository-inactive)",  // failed: defer
        "find(didNotFound): request lookup(did-not-found) > dropped(did-not-found)",  // failed: escalated to drop
        "find(givenUp): request lookup > dropped(project-unavailable)",  // failed: given up
        "request resolved > lookup(recipient-not-found)",  // reopened
        "month: request lookup(repository-inactive) > dropped(wait-expired)",  // waitExpired
        "retry: request dropped(record-deleted) > lookup(operator-decision)",  // retried
        "update: job queued > -",  // takeBackJobs
        "delete: job queued > dropped(record-deleted)",  // callOffJobs
    ]

    private static let jobs = [
        "find(recipients): job - > queued",  // admitted: told
        "find(recipients): job - > deferred(relationship-unknown)",  // admitted: waits
        "job queued > dropped(owner-not-allowed)",  // admitted: refused
        "find(recipients): job dropped(author-inactive) > queued",  // admitted: judged anew
        "open(answered): job queued > dropped(shadow-mode)",
        "find(recipients): job - > dropped(shadow-mode)",  // admitted: refused, what was seen while sending was off
        "retry: job dropped(shadow-mode) > -",
        "job queued > queued(digest-window)",  // postponed
        "open(answered): job queued > queued(author-limit)",
        "open(answered): job queued > queued(owner-limit)",
        "review: job queued(author-limit) > queued",  // wakened
        "review: job queued > dropped(author-blocked)",  // admitted: refused
        "review: job queued > dropped(owner-not-allowed)",
        "review: job queued > deferred(relationship-unknown)",  // admitted: waits
        "review: job deferred(owner-not-following) > -",  // admitted: told
        "month: job queued > dropped(queue-expired)",  // waitExpired
        "ask: job deferred(owner-not-following) > -",  // wakened, reopenRequest
        "drop: job queued > dropped(operator-decision)",  // calledOff
        "drop: job verify(outcome-unknown) > verify(outcome-unknown)!operator-decision",
        "delete: job uncertain(sends-exhausted) > uncertain(sends-exhausted)!record-deleted",
        "drop: job uncertain(sends-exhausted) > dropped(operator-decision)!operator-decision",
        "job queued > queued(server-error)",  // failed: retry
        "job queued > queued(login-required)",  // failed: pause
        "job queued > deferred(owner-does-not-follow)",  // failed: defer
        "job queued > deferred(owner-disabled-messages)",
        "job queued > dropped(owner-blocked)",  // failed: drop, suppressRecipient
        "job queued > delivered",  // message
        "job verify(outcome-unknown) > queued(waiting)",  // disproved
        "verify(arrives): job verify(outcome-unknown)!record-replaced > -",
        "verify(arrives): job verify(outcome-unknown)!owner-changed > dropped(owner-changed)",
        "mention(lostBeforeStoring): job deferred(owner-not-following) > posting(owner-not-following)",  // mentionBegun
        "mention(arrives): job posting(owner-not-following) > delivered(mention-posted)",  // posted
        "mention(impossible): job posting(owner-not-following) > deferred(owner-not-following)",  // postFailed
        "job posting(owner-not-following)!record-deleted > dropped(record-deleted)",
        "job posting(owner-not-following)!record-replaced > -",
        "month: job deferred(owner-not-following) > dropped(wait-expired)",  // waitExpired
        "retry: job queued(waiting) > queued",  // retried
        "retry: job dropped(operator-decision) > -",  // retryRequest
        "retry: job verify(outcome-unknown)!record-deleted > verify(outcome-unknown)!record-replaced",  // reviveRequest
        "retry: job posting(owner-not-following)!record-deleted > posting(owner-not-following)!record-replaced",
        // retryMessage
        "retry: job dropped(operator-decision)!operator-decision > verify(operator-decision)!record-replaced",
        "send(arrives): suppressed",  // suppressRecipient
    ]

    private static let messages = [
        "send(arrives): message - > delivered",  // accepted
        "send(limited): message - > dropped(chat-rate-limited)",  // failed: release
        "send(lostBeforeStoring): message - > verify(outcome-unknown)",  // failed: scan
        "verify(arrives): message verify(outcome-unknown) > delivered",  // found, or absent: send
        "verify(arrives): message verify(outcome-unknown) > dropped(record-replaced)",  // absent: disband
        "message verify(outcome-unknown) > uncertain(sends-exhausted)",  // absent too often
        "verify(limited): message verify(outcome-unknown) > dropped(chat-rate-limited)",  // sent again, and refused
        "message verify(outcome-unknown) > uncertain(conversation-unreadable)",  // failed: drop
        "verify(arrives): suppressed",  // suppressRecipient
        "retry: message uncertain(sends-exhausted) > verify(operator-decision)",  // retried
    ]
}
