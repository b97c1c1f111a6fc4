internal import ATProtocol
internal import LedgerStorage
internal import Network

/// Says whether an account may be told of a request now: by configuration, suppression list and follow.
///
/// An answer about a follow is believed for an hour. Callers that ask at once share one question to the AppView.
actor AdmissionChecker {
    private let context: DeliveryContext
    private let queue: JobQueue
    private let suppressions: SuppressionList
    private let recipients: RecipientStore
    private let client: RelationshipClient
    private(set) var waiting: [DID: [CheckedContinuation<Void, Never>]] = [:]
    private var isAsking = false

    /// How long an answer about a follow is believed.
    static let lifetime = Duration.seconds(3600)
    /// The same before a message is sent: an older answer is asked for again, and believed if there is no new one.
    static let lifetimeBeforeSending = Duration.seconds(60)

    init(_ context: DeliveryContext, ledger: Ledger, client: RelationshipClient) {
        self.context = context
        queue = ledger.queue(context.timetable)
        suppressions = ledger.suppressions
        recipients = ledger.recipients
        self.client = client
    }

    /// Whether an account may be told of a request, given its role in the project.
    ///
    /// For an existing job, `role` is the job's. The AppView is asked only when the follow decides.
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

    /// Asks whether an account follows the sender, if that decides and the last answer is too old to send by.
    func refresh(_ recipient: DID) async throws(LedgerError) {
        guard context.configuration.policy.recipients == .followers else { return }
        _ = try await follows(recipient, believing: Self.lifetimeBeforeSending)
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

    // Callers that come while a question is under way are part of the next one.
    private func askForThoseWhoWait() async {
        while !waiting.isEmpty {
            let owners = Array(waiting.keys.prefix(RelationshipClient.batchSize))
            let those = owners.compactMap { waiting.removeValue(forKey: $0) }.joined()
            // Somebody may have asked about the same owner just before. Errors are ignored here: each caller reads the
            // ledger afterwards, and meets the same error.
            var unknown: [DID] = []
            for owner in owners where (try? await believed(owner, Self.lifetimeBeforeSending)) == nil {
                unknown.append(owner)
            }
            if !unknown.isEmpty { try? await ask(about: unknown) }
            for continuation in those { continuation.resume() }
        }
        isAsking = false
    }

    /// Asks whether these accounts follow or block the sender, and stores the answers.
    ///
    /// Those who block are suppressed; ``WaitKeeper`` wakes the jobs of those who follow.
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
