import ATProtocol
import Firehose
import GRDB
import Network
import TestSupport

@testable import Notifier

/// A call of a store that some loop makes, with what must be there for it.
// What intake, housekeeping and commands call.
extension GrowthCall {
    static let intake: [GrowthCall] = [
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
            try await store([.authorBurst(GrownLedger.busyAuthor, Burst(number: 60, at: 0))], grown)
        },
        GrowthCall(name: "an author who is no longer active") { grown in
            try await store([.authorInactive(GrownLedger.busyAuthor, witnessed: .max / 2)], grown)
        },
        GrowthCall(name: "a repository that is another now") { grown in
            try await store([.repositoryReplaced(GrownLedger.busyAuthor, witnessed: 0)], grown)
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
        ) { _ = try await $0.queue.wakeDue(now: $0.now, agreed: $0.now) },
        GrowthCall(name: "whether a record is known") { grown in
            _ = try await grown.ledger.stream.knows(try request("fresh1", grown.now).uri)
        },
        GrowthCall(name: "positions and open gaps") { grown in
            _ = try await grown.ledger.stream.positions()
            _ = try await grown.ledger.stream.openGaps()
        },
    ]

    static let forget = sql(
        "DELETE FROM request WHERE uri LIKE '%fresh%' AND id > (SELECT max(id) - 200 FROM request)"
    )

    static func storeFresh(_ grown: GrownLedger, cid: String = "cid", rev: String = "3yyyyyyyyyyyy")
        async throws
    {
        let requests = try (0..<100).map { try request("fresh\($0)", grown.now, cid: cid, rev: rev) }
        try await store(requests.map { .request($0) }, grown)
    }

    static func request(
        _ key: String,
        _ now: UnixTime,
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
            references: [.account(GrownLedger.did("owner", 5))],
            leftOut: 0,
            startsJob: true
        )
    }

    static func store(_ items: [IntakeItem], _ grown: GrownLedger) async throws {
        _ = try await grown.queue.store(World.batch([]), items, now: grown.now)
    }

    private struct GrowthError: Error {}

    // MARK: housekeeping

    static let tidying: [GrowthCall] = [
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

    static let desk: [GrowthCall] =
        [
            GrowthCall(name: "status: counts") { _ = try await $0.ledger.desk.counts() },
            GrowthCall(name: "status: the oldest") { _ = try await $0.ledger.desk.oldestPending() },
            GrowthCall(name: "status: what waits") { _ = try await $0.ledger.desk.waiting() },
            GrowthCall(name: "status: what awaits proof") { _ = try await $0.ledger.desk.awaitingProof() },
            GrowthCall(name: "status: what is put aside") { _ = try await $0.ledger.stream.quarantined() },
            GrowthCall(name: "what became of rules") {
                _ = try await $0.ledger.desk.tallies(since: $0.now - 7 * 86_400)
            },
            GrowthCall(name: "the page's figures") { _ = try await $0.ledger.overview(at: $0.now) },
            GrowthCall(name: "the page's gaps") { grown in
                _ = try await grown.ledger.stream.openGaps(atMost: 5)
                _ = try await grown.ledger.stream.gapCounts(since: grown.now - 86_400)
            },
            GrowthCall(name: "jobs list") { _ = try await $0.ledger.desk.jobs() },
        ]
        + JobState.allCases.map { state in
            GrowthCall(name: "jobs list --state \(state.rawValue)") {
                _ = try await $0.ledger.desk.jobs(in: state, limit: 300)
            }
        } + [
            GrowthCall(name: "jobs list --owner") { grown in
                var filter = JobFilter()
                filter.owner = GrownLedger.did("owner", 5)
                _ = try await grown.ledger.desk.jobs(like: filter, limit: 300)
            },
            GrowthCall(name: "jobs drop --state queued, a batch") { grown in
                var filter = JobFilter()
                filter.state = .queued
                _ = try await grown.ledger.desk.carryOut(
                    .drop,
                    like: filter,
                    .jobs,
                    after: 0,
                    upTo: .max,
                    now: grown.now
                )
            },
            GrowthCall(name: "jobs retry --state deferred, a batch") { grown in
                var filter = JobFilter()
                filter.state = .deferred
                _ = try await grown.ledger.desk.carryOut(
                    .retry,
                    like: filter,
                    .jobs,
                    after: 0,
                    upTo: .max,
                    now: grown.now
                )
            },
            GrowthCall(name: "explain") { grown in
                guard let job = try await grown.ledger.desk.jobs(in: .delivered, limit: 1).first else { return }
                _ = try await grown.ledger.desk.history(of: job.uri)
            },
        ]
}
