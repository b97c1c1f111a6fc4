import ATProtocol
import GRDB
import Network
import TestSupport

@testable import Notifier

// Who is told beside the owner, and what is told as an answer.
extension GrowthCall {
    private static let person = GrownLedger.did("owner", 5)
    private static let wishes = NSID(known: "com.example.subscription")
    private static let project = ProjectReference.account(GrownLedger.did("owner", 6))

    /// Five thousand people who subscribe to something, a hundred of them to the same.
    private static func fill(_ grown: GrownLedger) async throws {
        try await sql(
            """
            INSERT OR IGNORE INTO subscriber (did, collection, due_at, asked_at)
                WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
                SELECT 'did:plc:' || substr('aaaaaaaaaaaaaaaaaaaaaaaa' || i, -24), 'com.example.subscription', :now + i, :now
                FROM n
            """
        )(grown)
        try await sql(
            """
            INSERT OR IGNORE INTO subscription (uri, subject, did, collection)
                SELECT 'at://' || did || '/com.example.subscription/s', CASE WHEN due_at <= :now + 100
                    THEN '\(project)' ELSE 'did:plc:' || substr(did, -24) END, did, collection
                FROM subscriber
            """
        )(grown)
    }

    static let people: [GrowthCall] = [
        GrowthCall(name: "subscribers of a project", prepare: fill) { grown in
            let store = grown.ledger.subscriptions
            _ = try await store.subscribers(of: [project], by: [wishes], for: wishes, atMost: 50)
        },
        GrowthCall(name: "subscriptions to read", prepare: fill) { grown in
            let store = grown.ledger.subscriptions
            _ = try await store.nextDue()
            for subscriber in try await store.due(limit: 3, now: grown.now + 3) {
                try await store.postpone(subscriber, by: .seconds(60), now: grown.now)
            }
        },
        GrowthCall(name: "a subscriber's repository was read", prepare: fill) { grown in
            let store = grown.ledger.subscriptions
            let reference = ProjectReference.account(person)
            for subscriber in try await store.due(limit: 1, now: grown.now + 1) {
                let found = (0..<100).compactMap { number in
                    (try? ATURI("at://\(subscriber.did)/\(wishes)/k\(number)")).map {
                        SubscriptionStore.Subscription(uri: $0, subjects: [reference])
                    }
                }
                try await store.store(found, of: subscriber, next: .seconds(60), now: grown.now)
            }
        },
        GrowthCall(name: "subscribers are listed, and forgotten", prepare: fill) { grown in
            let store = grown.ledger.subscriptions
            _ = try await store.take([person], in: wishes, now: grown.now)
            _ = try await store.forget(allBut: [wishes])
            _ = try await store.makeRoom(in: SubscriptionStore.freePlaces, now: grown.now)
        },
        GrowthCall(name: "the message that told of a thread") { grown in
            guard let candidate = try await busyCandidate(grown) else { return }
            var jobs = candidate.jobs
            for index in jobs.indices { jobs[index].thread = [jobs[index].uri] }
            _ = try await grown.queue.answered(by: jobs, in: "convo-\(candidate.owner)")
        },
    ]
}
