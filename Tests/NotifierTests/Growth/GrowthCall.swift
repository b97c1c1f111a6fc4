import ATProtocol
import Firehose
import GRDB

@testable import Notifier

/// A call of a store that some loop makes, with what must be there for it.
struct GrowthCall: Sendable {
    /// What a call took.
    struct Cost: Sendable {
        /// Milliseconds.
        let median: Double
        /// The most rows that it inserted, changed or removed, those of triggers and references included.
        let changes: Int
    }

    let name: String
    var prepare: @Sendable (GrownLedger) async throws -> Void = { _ in }
    let body: @Sendable (GrownLedger) async throws -> Void

    private static let repetitions = 5

    /// Makes the call several times, after one that warms up.
    func measure(_ ledger: () throws -> GrownLedger) async throws -> Cost {
        var times: [Double] = []
        var most = 0
        for _ in 0...Self.repetitions {
            let grown = try ledger()
            try await prepare(grown)
            _ = try await grown.database.writeWithoutTransaction { try $0.checkpoint(.passive) }
            // The pages that are always in the cache are in it.
            _ = try await grown.ledger.desk.counts()
            _ = try await grown.queue.nextDue()
            let before = try await grown.database.read(\.totalChangesCount)
            let start = ContinuousClock.now
            try await body(grown)
            times.append((ContinuousClock.now - start) / .milliseconds(1))
            most = max(most, try await grown.database.read(\.totalChangesCount) - before)
        }
        times = times.dropFirst().sorted()
        return Cost(median: times[times.count / 2], changes: most)
    }
}

extension GrowthCall {
    static let all = lookups + sending + waiting + mentions + intake + tidying + desk

    private static let digest = DigestConfiguration()
    private static let told = PolicyConfiguration.open
    private static var policy: AdmissionPolicy {
        get throws { AdmissionPolicy(try World.configuration(), sender: World.sender) }
    }

    private static func candidate(_ grown: GrownLedger, _ digest: DigestConfiguration = digest) async throws
        -> SendCandidate?
    {
        try await grown.queue.nextCandidate(policy: told, digest: digest, dailyLimit: 1000, now: grown.now)
    }

    private static func setDue(_ state: String, _ condition: String = "TRUE")
        -> @Sendable (GrownLedger) async throws -> Void
    {
        sql(
            """
            UPDATE job SET turn = NULL, due_at = :now - 1 WHERE id IN
                (SELECT id FROM job WHERE state = '\(state)' AND \(condition) ORDER BY id LIMIT 150)
            """
        )
    }

    private static func sql(_ statement: String) -> @Sendable (GrownLedger) async throws -> Void {
        { grown in
            try await grown.database.write { database in
                let usesNow = statement.contains(":now")
                try database.execute(sql: statement, arguments: usesNow ? ["now": grown.now] : StatementArguments())
            }
        }
    }

    private static let doubt = sql(
        """
        INSERT INTO message (owner, author, state, marker, message, conversation, baseline, sends, maximum_sends,
            due_at, created_at, sent_at) SELECT owner, author, 'verify', 'ref-x', '{}', 'c', '2', 1, 2,
            :now + 120, :now, :now FROM job WHERE state = 'queued' AND owner = '\(GrownLedger.busyOwner)' LIMIT 1;
        """
    )

    // MARK: the resolver

    private static let lookups: [GrowthCall] = [
        GrowthCall(name: "due look-ups") { grown in
            _ = try await grown.queue.dueLookups(limit: 64, excluding: [], now: grown.now)
        },
        GrowthCall(
            name: "due look-ups, a batch gets its turn",
            prepare: sql(
                """
                UPDATE request SET turn = NULL WHERE id IN
                            (SELECT id FROM request WHERE state = 'lookup' ORDER BY id DESC LIMIT 500)
                """
            )
        ) { grown in _ = try await grown.queue.dueLookups(limit: 64, excluding: [], now: grown.now) },
        GrowthCall(name: "next look-up") { _ = try await $0.queue.nextLookup() },
        GrowthCall(name: "look-up resolved") { grown in
            let jobs = try await grown.queue.dueLookups(limit: 1, excluding: [], now: grown.now)
            for job in jobs {
                let recipients = Resolution.recipients([GrownLedger.did("owner", 5): .told], .init(), nil)
                _ = try await grown.queue.resolve(job, as: recipients, now: grown.now)
            }
        },
        GrowthCall(name: "look-up failed") { grown in
            for job in try await grown.queue.dueLookups(limit: 1, excluding: [], now: grown.now) {
                let verdict = Verdict(1, .retry, .identityUnavailable)
                let failure = Resolution.failed(verdict, isGivenUp: false, Attempt(.identity, outcome: "retry"))
                _ = try await grown.queue.occurrences(of: .identityUnavailable, request: job.request, owner: nil)
                _ = try await grown.queue.proofMissingSince(request: job.request)
                _ = try await grown.queue.resolve(job, as: failure, now: grown.now)
            }
        },
    ]

    // MARK: the sender

    private static let sending: [GrowthCall] = [
        GrowthCall(name: "next candidate, a digest") { _ = try await candidate($0) },
        GrowthCall(name: "next candidate, alone") { grown in
            var alone = DigestConfiguration()
            alone.maximumListed = 1
            _ = try await candidate(grown, alone)
        },
        GrowthCall(name: "next candidate, a batch gets its turn", prepare: setDue("queued")) {
            _ = try await candidate($0)
        },
        GrowthCall(name: "next verification") { _ = try await $0.queue.nextVerification(now: $0.now) },
        GrowthCall(name: "next due") { _ = try await $0.queue.nextDue() },
        GrowthCall(name: "a message begun and accepted") { grown in
            var one = digest
            one.maximumCounted = 1
            guard let candidate = try await candidate(grown, one) else { return }
            _ = try await deliver(candidate, grown)
        },
        GrowthCall(name: "a digest of 200 begun") { grown in
            guard let candidate = try await busyCandidate(grown) else { return }
            _ = try await begin(candidate, grown)
        },
        GrowthCall(
            name: "a digest of 200 accepted",
            prepare: { grown in
                guard let candidate = try await busyCandidate(grown) else { return }
                _ = try await begin(candidate, grown)
            }
        ) { grown in
            let id = try await grown.database.read { try Int64.fetchOne($0, sql: "SELECT max(id) FROM message") ?? 0 }
            let note = Attempt(.sendMessage, outcome: "delivered")
            _ = try await grown.queue.apply(.accepted, to: id, note, now: grown.now)
        },
        GrowthCall(
            name: "the recipient is in doubt, and has other jobs",
            prepare: { grown in
                try await doubt(grown)
                // Theirs come next.
                try await sql("UPDATE job SET turn = 0 WHERE state = 'queued' AND owner = '\(GrownLedger.busyOwner)'")(
                    grown
                )
            }
        ) { _ = try await candidate($0) },
        GrowthCall(
            name: "nothing is in doubt any more",
            prepare: { grown in
                try await doubt(grown)
                try await sql(
                    """
                    UPDATE job SET turn = NULL, due_at = :now + 120 WHERE state = 'queued'
                        AND owner = '\(GrownLedger.busyOwner)'
                    """
                )(grown)
            }
        ) { grown in
            guard let message = try await grown.queue.nextVerification(now: grown.now + 200) else { return }
            _ = try await grown.queue.apply(.found, to: message.id, now: grown.now)
        },
        GrowthCall(name: "postponed by a limit, a busy recipient's") { grown in
            try await grown.queue.postpone(
                owner: GrownLedger.busyOwner,
                until: grown.now + 0.5,
                each: 10,
                window: 0,
                .ownerLimit,
                now: grown.now
            )
        },
        GrowthCall(name: "postponed by a limit, a busy author's") { grown in
            try await grown.queue.postpone(
                author: GrownLedger.busyAuthor,
                until: grown.now + 0.5,
                each: 10,
                window: 0,
                .authorLimit,
                now: grown.now
            )
        },
        GrowthCall(
            name: "recovered at the start",
            prepare: sql("UPDATE message SET state = 'verify' WHERE state = 'sending'")
        ) { grown in
            _ = try await grown.queue.recover(now: grown.now)
            _ = try await grown.ledger.deliveries.lastSentAt()
        },
    ]

    private static func begin(_ candidate: SendCandidate, _ grown: GrownLedger) async throws -> Message? {
        let message = ComposedMessage(text: "words", links: [], marker: "ref-x")
        return try await grown.queue.begin(
            message,
            for: candidate,
            in: Conversation(id: "convo-\(candidate.owner)", rev: "3"),
            maximumSends: 3,
            policy: try policy,
            now: grown.now
        ).message
    }

    private static func deliver(_ candidate: SendCandidate, _ grown: GrownLedger) async throws {
        guard let message = try await begin(candidate, grown) else { return }
        _ = try await grown.queue.apply(
            .accepted,
            to: message.id,
            Attempt(.sendMessage, outcome: "delivered"),
            now: grown.now
        )
    }

    private static func busyCandidate(_ grown: GrownLedger) async throws -> SendCandidate? {
        let jobs = try await grown.database.read { database in
            try Row.fetchAll(
                database,
                sql: "\(Job.selection) WHERE job.state = 'queued' ORDER BY job.id DESC LIMIT 200"
            ).map(Job.init(row:))
        }
        guard let head = jobs.first, let owner = head.owner else { return nil }
        return SendCandidate(head: head, owner: owner, jobs: jobs, earlierSends: 0, limits: SendingLimits())
    }

    // MARK: the keeper of what waits

    private static let waiting: [GrowthCall] = [
        GrowthCall(name: "what waits is due: nothing") { _ = try await $0.queue.wakeDue(now: $0.now) },
        GrowthCall(
            name: "what waits is due: a batch",
            prepare: setDue("deferred", "reason = 'owner-disabled-messages'")
        ) { _ = try await $0.queue.wakeDue(now: $0.now) },
        GrowthCall(name: "next waking") { _ = try await $0.queue.nextWaking() },
        GrowthCall(name: "followers to wake: none") { _ = try await $0.queue.wakeFollowers(now: $0.now) },
        GrowthCall(
            name: "followers to wake: a busy one",
            prepare: sql("UPDATE recipient SET follows = 1, ask_at = :now WHERE did = '\(GrownLedger.busyOwner)'")
        ) { _ = try await $0.queue.wakeFollowers(now: $0.now) },
        GrowthCall(name: "owners to ask") { _ = try await $0.queue.ownersToAsk(limit: 30, now: $0.now) },
        GrowthCall(name: "next question") { _ = try await $0.queue.nextQuestion() },
        GrowthCall(name: "answers of thirty") { grown in
            let owners = try await grown.queue.ownersToAsk(limit: 30, now: grown.now)
            _ = try await grown.queue.learn(owners.map { ($0, false) }, now: grown.now)
        },
        GrowthCall(name: "a page of followers") { grown in
            try await grown.ledger.recipients.follow(
                (4_000..<4_100).map { GrownLedger.did("owner", $0) },
                now: grown.now
            )
        },
        GrowthCall(name: "whether one follows") { grown in
            _ = try await grown.ledger.recipients.follows(GrownLedger.did("owner", 7), since: 0)
        },
    ]

    private static let mentions: [GrowthCall] = [
        GrowthCall(name: "next mention", prepare: sql("UPDATE job SET state = 'deferred' WHERE state = 'posting'")) {
            grown in
            var configuration = MentionConfiguration()
            configuration.owners = [GrownLedger.mentioned]
            _ = try await grown.queue.nextMention(configuration, now: grown.now)
        },
        GrowthCall(name: "next mention, none to be posted") { grown in
            var configuration = MentionConfiguration()
            configuration.owners = [GrownLedger.did("nobody", 0)]
            _ = try await grown.queue.nextMention(configuration, now: grown.now)
        },
    ]

    // MARK: intake

    private static let intake: [GrowthCall] = [
        GrowthCall(name: "a batch of 100 new requests", prepare: forget) { try await storeFresh($0) },
        GrowthCall(
            name: "a batch of 100 new versions",
            prepare: { grown in
                try await forget(grown)
                try await storeFresh(grown)
            }
        ) { try await storeFresh($0, cid: "new", rev: "3yyyyyyyyyyyz") },
        GrowthCall(
            name: "a batch of 100 deletes",
            prepare: { grown in
                try await forget(grown)
                try await storeFresh(grown)
            }
        ) { grown in
            try await store(
                (0..<100).map { number in
                    let request = try request("fresh\(number)", grown.now)
                    let commit = StreamEvent.Commit(
                        operation: .delete,
                        collection: request.commit.collection,
                        recordKey: request.commit.recordKey,
                        rev: "3zzzzzzzzzzzz",
                        cid: nil,
                        record: nil
                    )
                    let event = StreamEvent(position: request.event.position, did: World.author, body: .commit(commit))
                    return .deleted(event, uri: request.uri)
                } as [IntakeItem],
                grown
            )
        },
        GrowthCall(name: "an author's burst") { grown in
            try await store([.authorBurst(GrownLedger.busyAuthor)], grown)
        },
        GrowthCall(name: "an author who is no longer active") { grown in
            try await store([.authorInactive(GrownLedger.busyAuthor, witnessed: .max / 2)], grown)
        },
        GrowthCall(name: "a suppressed recipient") { grown in
            let applied: Applied = try await grown.ledger.suppressions.suppress(
                GrownLedger.busyOwner,
                .ownerBlocked,
                now: grown.now
            )
            _ = applied
        },
        GrowthCall(
            name: "a batch of what is called off",
            prepare: { grown in
                let applied: Applied = try await grown.ledger.suppressions.suppress(
                    GrownLedger.busyOwner,
                    .ownerBlocked,
                    now: grown.now
                )
                _ = applied
            }
        ) { _ = try await $0.queue.wakeDue(now: $0.now) },
        GrowthCall(name: "whether a record is known") { grown in
            _ = try await grown.ledger.stream.knows(try request("fresh1", grown.now).uri)
        },
        GrowthCall(name: "positions and open gaps") { grown in
            _ = try await grown.ledger.stream.positions()
            _ = try await grown.ledger.stream.openGaps()
        },
    ]

    private static let forget = sql(
        "DELETE FROM request WHERE uri LIKE '%fresh%' AND id > (SELECT max(id) - 200 FROM request)"
    )

    private static func storeFresh(_ grown: GrownLedger, cid: String = "cid", rev: String = "3yyyyyyyyyyyy")
        async throws
    {
        let requests = try (0..<100).map { try request("fresh\($0)", grown.now, cid: cid, rev: rev) }
        try await store(requests.map { .request($0) }, grown)
    }

    private static func request(
        _ key: String,
        _ now: Double,
        cid: String = "cid",
        rev: String = "3yyyyyyyyyyyy"
    ) throws -> NewRequest {
        let event = try World.event(1, title: "Please mend the door")
        guard case .commit(let commit) = event.body else { throw GrowthError() }
        let collection = try NSID("com.example.change.request")
        let version = StreamEvent.Commit(
            operation: .create,
            collection: collection,
            recordKey: try RecordKey(key),
            rev: rev,
            cid: cid,
            record: commit.record
        )
        return NewRequest(
            event: StreamEvent(position: event.position, did: World.author, body: .commit(version)),
            commit: version,
            uri: try ATURI("at://\(World.author)/\(collection)/\(key)"),
            rule: "issues",
            record: commit.record ?? [:],
            judgement: .success(.account(GrownLedger.did("owner", 5))),
            startsJob: true
        )
    }

    private static func store(_ items: [IntakeItem], _ grown: GrownLedger) async throws {
        _ = try await grown.queue.store(World.batch([]), items, now: grown.now)
    }

    private struct GrowthError: Error {}

    // MARK: housekeeping

    private static let tidying: [GrowthCall] = [
        GrowthCall(name: "a batch is forgotten") { _ = try await $0.queue.prune(before: $0.now - 80 * 86_400) },
        GrowthCall(name: "nothing is to be forgotten") { _ = try await $0.queue.prune(before: $0.now - 95 * 86_400) },
        GrowthCall(name: "look-ups reviewed") { grown in
            _ = try await grown.queue.review(.first, policy: try policy, now: grown.now)
        },
        GrowthCall(name: "queued jobs reviewed") { grown in
            _ = try await grown.queue.review(.job(.queued, after: 0), policy: try policy, now: grown.now)
        },
        GrowthCall(name: "waiting jobs reviewed") { grown in
            _ = try await grown.queue.review(.job(.deferred, after: 0), policy: try policy, now: grown.now)
        },
        GrowthCall(name: "waiting recipients reviewed") { grown in
            _ = try await grown.queue.review(.recipients, policy: try policy, now: grown.now)
        },
    ]

    private static let desk: [GrowthCall] =
        [
            GrowthCall(name: "status: counts") { _ = try await $0.ledger.desk.counts() },
            GrowthCall(name: "status: the oldest") { _ = try await $0.ledger.desk.oldestPending() },
            GrowthCall(name: "status: what waits") { _ = try await $0.ledger.desk.waiting() },
            GrowthCall(name: "jobs list") { _ = try await $0.ledger.desk.jobs() },
        ]
        + JobState.allCases.map { state in
            GrowthCall(name: "jobs list --state \(state.rawValue)") {
                _ = try await $0.ledger.desk.jobs(in: state, limit: 300)
            }
        } + [
            GrowthCall(name: "explain") { grown in
                guard let job = try await grown.ledger.desk.jobs(in: .delivered, limit: 1).first else { return }
                _ = try await grown.ledger.desk.history(of: job.uri)
            }
        ]
}

extension PolicyConfiguration {
    /// Everybody is told, as often as it takes.
    fileprivate static var open: PolicyConfiguration {
        var policy = PolicyConfiguration()
        policy.recipients = .anyone
        (policy.ownerHourlyLimit, policy.ownerDailyLimit, policy.authorHourlyLimit) = (10, 30, 20)
        return policy
    }
}
