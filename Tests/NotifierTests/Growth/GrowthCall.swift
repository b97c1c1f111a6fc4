import ATProtocol
import Firehose
import GRDB
import LedgerStorage
import Network
import TestSupport

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

    static let repetitions = 5

    /// Makes the call several times, after one that warms up.
    func measure(repetitions: Int, _ ledger: () throws -> GrownLedger) async throws -> Cost {
        var times: [Double] = []
        var most = 0
        for _ in 0...repetitions {
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
    static let all =
        desk + lookups + people + proofs + sending + conversations + answers + waiting + clocks + mentions + intake
        + sweeps + tidying

    static let digest = DigestConfiguration()
    static let told = PolicyConfiguration.open
    static var policy: AdmissionPolicy {
        get throws { AdmissionPolicy(try World.configuration(), sender: World.sender) }
    }

    static func candidate(_ grown: GrownLedger, _ digest: DigestConfiguration = digest) async throws
        -> SendCandidate?
    {
        var configuration = NotifierConfiguration(rules: [])
        (configuration.policy, configuration.digest) = (told, digest)
        return try await grown.queue.nextCandidate(configuration, now: grown.now)
    }

    static func setDue(_ state: String, _ condition: String = "TRUE")
        -> @Sendable (GrownLedger) async throws -> Void
    {
        sql(
            """
            UPDATE job SET turn = NULL, due_at = :now - 1 WHERE id IN
                (SELECT id FROM job WHERE state = '\(state)' AND \(condition) ORDER BY id LIMIT 150)
            """
        )
    }

    static func sql(_ statement: String) -> @Sendable (GrownLedger) async throws -> Void {
        { grown in
            try await grown.database.write { database in
                let usesNow = statement.contains(":now")
                try database.execute(sql: statement, arguments: usesNow ? ["now": grown.now] : StatementArguments())
            }
        }
    }

    static let doubt = sql(
        """
        INSERT INTO message (owner, author, state, marker, message, conversation, baseline, sends, maximum_sends,
            due_at, created_at, sent_at) SELECT owner, author, 'verify', 'ref-x', '{}', 'c', '2', 1, 2,
            :now + 120, :now, :now FROM job WHERE state = 'queued' AND owner = '\(GrownLedger.busyOwner)' LIMIT 1;
        """
    )

    // MARK: the resolver

    static let lookups: [GrowthCall] = [
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
                let recipients = Resolution.recipients(
                    [GrownLedger.did("owner", 5): .told],
                    .init(references: [.account(GrownLedger.did("owner", 5))]),
                    nil
                )
                _ = try await grown.queue.resolve(job, as: recipients, now: grown.now)
            }
        },
        GrowthCall(name: "look-up failed") { grown in
            for job in try await grown.queue.dueLookups(limit: 1, excluding: [], now: grown.now) {
                let verdict = Verdict(1, .retry, .identityUnavailable, escalation: .job(after: 1, .drop))
                let failure = Resolution.failed(verdict, isGivenUp: false, Attempt(.identity, outcome: "retry"))
                _ = try await grown.queue.escalated(verdict, request: job.request, owner: nil)
                _ = try await grown.queue.proofMissingSince(job)
                _ = try await grown.queue.resolve(job, as: failure, now: grown.now)
            }
        },
    ]

    // MARK: the sender

    static let sending: [GrowthCall] = [
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
            try await postpone(by: SendingLimit(.owner, 10, .zero, .ownerLimit), grown)
        },
        GrowthCall(name: "postponed by a limit, a busy author's") { grown in
            try await postpone(by: SendingLimit(.author, 10, .zero, .authorLimit), grown)
        },
        GrowthCall(
            name: "recovered at the start",
            prepare: sql("UPDATE message SET state = 'verify' WHERE state = 'sending'")
        ) { grown in
            _ = try await grown.queue.recover(now: grown.now)
            _ = try await grown.ledger.queue(Timetable()).lastSentAt()
        },
    ]

    private static func postpone(by limit: SendingLimit, _ grown: GrownLedger) async throws {
        try await grown.queue.postpone(
            by: limit,
            author: GrownLedger.busyAuthor,
            owner: GrownLedger.busyOwner,
            until: grown.now + 0.5,
            now: grown.now
        )
    }

    static func begin(_ candidate: SendCandidate, _ grown: GrownLedger) async throws -> Message? {
        let message = ComposedMessage(text: "words", links: [], reference: "ref-x")
        return try await grown.queue.begin(
            message,
            for: candidate,
            in: Conversation(id: "convo-\(candidate.owner)", lastMessage: nil),
            maximumSends: 3,
            policy: try policy,
            now: grown.now
        ).message
    }

    static func deliver(_ candidate: SendCandidate, _ grown: GrownLedger) async throws {
        guard let message = try await begin(candidate, grown) else { return }
        _ = try await grown.queue.apply(
            .accepted,
            to: message.id,
            Attempt(.sendMessage, outcome: "delivered"),
            now: grown.now
        )
    }

    static func busyCandidate(_ grown: GrownLedger) async throws -> SendCandidate? {
        let jobs = try await grown.database.read { database in
            try database.rows("\(Job.selection) WHERE job.state = 'queued' ORDER BY job.id DESC LIMIT 200")
                .map(Job.init(row:))
        }
        guard let head = jobs.first, let owner = head.owner else { return nil }
        return SendCandidate(head: head, owner: owner, jobs: jobs, earlierSends: 0)
    }

    // MARK: the keeper of what waits

    static let waiting: [GrowthCall] = [
        GrowthCall(name: "what waits is due: nothing") { _ = try await $0.queue.wakeDue(now: $0.now, agreed: $0.now) },
        GrowthCall(
            name: "what waits is due: a batch",
            prepare: setDue("deferred", "reason = 'owner-disabled-messages'")
        ) { _ = try await $0.queue.wakeDue(now: $0.now, agreed: $0.now) },
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
            _ = try await grown.ledger.recipients.follows(GrownLedger.did("owner", 7), in: 0...1e9)
        },
    ]

    static let mentions: [GrowthCall] = [
        GrowthCall(name: "next mention", prepare: sql("UPDATE job SET state = 'deferred' WHERE state = 'posting'")) {
            grown in
            var configuration = MentionConfiguration()
            configuration.owners = [GrownLedger.mentioned]
            _ = try await grown.queue.nextMention(configuration, policy: policy, now: grown.now)
        },
        GrowthCall(name: "a post failed") { grown in
            var configuration = MentionConfiguration()
            configuration.owners = [GrownLedger.mentioned]
            let next = try await grown.queue.nextMention(configuration, policy: policy, now: grown.now)
            guard case .post(let job) = next,
                try await grown.queue.mayPost(job.id, configuration, policy: policy, now: grown.now)
            else { return }
            let note = Attempt(.postMention, outcome: "retry")
            _ = try await grown.queue.postFailed(.refused, of: job.id, note, policy: try policy, now: grown.now)
        },
        GrowthCall(name: "next mention, none to be posted") { grown in
            var configuration = MentionConfiguration()
            configuration.owners = [GrownLedger.did("nobody", 0)]
            _ = try await grown.queue.nextMention(configuration, policy: policy, now: grown.now)
        },
    ]

    // MARK: intake
}

extension PolicyConfiguration {
    /// Everybody is told, as often as it takes.
    static var open: PolicyConfiguration {
        var policy = PolicyConfiguration()
        policy.recipients = .anyone
        (policy.ownerHourlyLimit, policy.ownerDailyLimit, policy.authorHourlyLimit) = (10, 30, 20)
        return policy
    }
}
