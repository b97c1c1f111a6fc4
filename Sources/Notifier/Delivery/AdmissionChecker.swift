internal import ATProtocol
internal import LedgerStorage
internal import Network

/// Says who is told of a request now: what the configuration says, the suppression list, and whether they follow the sender.
///
/// Whether somebody follows is believed for an hour. Several who want to know at once share one question.
actor AdmissionChecker {
    private let context: DeliveryContext
    private let queue: JobQueue
    private let suppressions: SuppressionList
    private let recipients: RecipientStore
    private let client: RelationshipClient
    private(set) var waiting: [DID: [CheckedContinuation<Void, Never>]] = [:]
    private var isAsking = false

    /// How long it is believed that somebody follows the sender, or does not.
    static let lifetime = Duration.seconds(3600)
    /// The same when a message is about to leave: what is older is asked again, and stands when there is no answer.
    static let lifetimeBeforeSending = Duration.seconds(60)

    init(_ context: DeliveryContext, ledger: Ledger, client: RelationshipClient) {
        self.context = context
        queue = ledger.queue(context.timetable)
        suppressions = ledger.suppressions
        recipients = ledger.recipients
        self.client = client
    }

    /// Whether an account is told of a request for what it is to a project, that of the job when it is one; the AppView is
    /// asked only when that decides.
    func admission(
        of recipient: DID,
        as role: RecipientRole = .owner,
        to request: Job,
        about project: ProjectReference? = nil,
        believing age: Duration = lifetime
    ) async throws(LedgerError) -> Admission {
        let project = project ?? request.project
        let first = try await admission(of: recipient, role, to: request, about: project, isFollower: nil)
        guard first == .waits(.relationshipUnknown) else { return first }
        let isFollower = try await follows(recipient, believing: age)
        return try await admission(of: recipient, role, to: request, about: project, isFollower: isFollower)
    }

    private func admission(
        of recipient: DID,
        _ role: RecipientRole,
        to request: Job,
        about project: ProjectReference?,
        isFollower: Bool?
    ) async throws(LedgerError) -> Admission {
        context.policy.admission(
            of: recipient,
            as: role,
            to: request.uri,
            by: request.author,
            rule: request.rule,
            isShadow: request.isShadow,
            isSuppressed: try await suppressions.contains(recipient),
            isMuted: try await recipients.isMuted(project, for: recipient, now: context.now),
            isFollower: isFollower
        )
    }

    /// Whether an account follows the sender; nil when the AppView does not say.
    private func follows(_ recipient: DID, believing age: Duration) async throws(LedgerError) -> Bool? {
        if let known = try await believed(recipient, age) { return known }
        await withCheckedContinuation { continuation in
            waiting[recipient, default: []].append(continuation)
            if !isAsking {
                isAsking = true
                Task { await askForThoseWhoWait() }
            }
        }
        return try await believed(recipient)
    }

    private func believed(_ recipient: DID, _ age: Duration = lifetime) async throws(LedgerError) -> Bool? {
        let now = context.now
        return try await recipients.follows(recipient, in: now - max(.zero, age)...now)
    }

    // Who comes while a question is under way is in the next one.
    private func askForThoseWhoWait() async {
        while !waiting.isEmpty {
            let owners = Array(waiting.keys.prefix(RelationshipClient.batchSize))
            let those = owners.compactMap { waiting.removeValue(forKey: $0) }.joined()
            // Somebody may have asked about the same owner just before. Who waits looks into the ledger, and finds out when
            // that is what failed.
            var unknown: [DID] = []
            for owner in owners where (try? await believed(owner, Self.lifetimeBeforeSending)) == nil {
                unknown.append(owner)
            }
            if !unknown.isEmpty { try? await ask(about: unknown) }
            for continuation in those { continuation.resume() }
        }
        isAsking = false
    }

    /// Asks how these stand to the sender, and stores it: who blocks is suppressed, who follows is woken by ``WaitKeeper``.
    func ask(about owners: [DID]) async throws(LedgerError) {
        let found: [DID: Relationship]
        do { found = try await client.relationships(with: owners) } catch { return }
        let now = context.now
        for owner in owners where found[owner]?.isBlocked == true {
            context.report(try await suppressions.suppress(owner, .ownerBlocked, now: now))
        }
        context.report(try await queue.learn(owners.map { ($0, found[$0]?.isFollower) }, now: now))
    }
}
