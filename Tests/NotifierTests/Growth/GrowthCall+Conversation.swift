import ATProtocol
import Backfill
import Firehose
import GRDB
import Network
import TestSupport

@testable import Notifier

// What the sender finds in conversations, the resolver in proofs, and what is called at a start, by the hour, and in sweeps.
extension GrowthCall {
    private static let owner = GrownLedger.did("owner", 5)

    static let conversations: [GrowthCall] = [
        GrowthCall(name: "what is known of a conversation") { grown in
            let conversation = "convo-\(owner)"
            _ = try await grown.queue.known(in: conversation, with: owner)
            _ = try await grown.queue.otherOwner(of: conversation, than: owner)
            _ = try await grown.queue.unknown(["one", "two"], to: owner)
            _ = try await grown.queue.hasWritten(to: owner)
            _ = try await grown.ledger.knows("one", in: conversation)
        },
        GrowthCall(name: "a conversation is noted, and forgotten") { grown in
            try await grown.queue.note("one", in: "convo", with: owner, knownSince: grown.now, now: grown.now)
            try await grown.queue.forgetConversation(with: owner)
        },
        GrowthCall(name: "told already, or possibly") { grown in
            guard let candidate = try await busyCandidate(grown) else { return }
            let jobs = candidate.jobs.prefix(100).map(\.id)
            let (told, undecided) = (Array(jobs.prefix(50)), Array(jobs.dropFirst(50)))
            _ = try await grown.queue.settle(told: told, possiblyTold: undecided, now: grown.now)
        },
        GrowthCall(name: "a recipient refused a conversation") { grown in
            try await grown.queue.countOpening(for: GrownLedger.busyAuthor, now: grown.now)
        },
        GrowthCall(name: "a digest of 200 is not there, and sent again", prepare: doubtAboutDigest) { grown in
            try await absent(try World.configuration(), grown)
        },
        GrowthCall(name: "a digest of 200 is not there, and taken apart", prepare: doubtAboutDigest) { grown in
            var configuration = try World.configuration()
            configuration.sending.isEnabled = false
            try await absent(configuration, grown)
        },
        GrowthCall(name: "an owner writes “start”") { grown in
            try await grown.ledger.suppressions.lift(owner, ifReason: .ownerStopped)
        },
    ]

    private static func doubtAboutDigest(_ grown: GrownLedger) async throws {
        guard let candidate = try await busyCandidate(grown), let message = try await begin(candidate, grown) else {
            return
        }
        let verdict = Verdict(1, .verify, .outcomeUnknown)
        _ = try await grown.queue.apply(.failed(verdict), to: message.id, now: grown.now)
    }

    private static func absent(_ configuration: NotifierConfiguration, _ grown: GrownLedger) async throws {
        let id = try await grown.database.read { try Int64.fetchOne($0, sql: "SELECT max(id) FROM message") ?? 0 }
        let policy = AdmissionPolicy(configuration, sender: World.sender)
        _ = try await grown.queue.absent(id, policy: policy, resendIn: .zero, now: grown.now)
        _ = try await grown.queue.message(id, now: grown.now)
    }

    static let proofs: [GrowthCall] = [
        GrowthCall(name: "since when a look-up fails") { grown in
            for var job in try await grown.queue.dueLookups(limit: 1, excluding: [], now: grown.now) {
                job.failingSince = grown.now - 3600
                _ = try await grown.queue.proofMissingSince(job)
                _ = try await grown.queue.failing(for: [.indexUnknown, .ownerUnconfirmed], job)
            }
        },
        GrowthCall(name: "a proof brings another version") { grown in
            for job in try await grown.queue.dueLookups(limit: 1, excluding: [], now: grown.now) {
                let proven = try request("proven", grown.now, cid: "proven", rev: "3zzzzzzzzzzzy")
                _ = try await grown.queue.replace(job, with: proven, now: grown.now)
            }
        },
    ]

    static let clocks: [GrowthCall] = [
        GrowthCall(name: "what was queued for too long: nothing") { grown in
            _ = try await grown.queue.expireQueued(before: grown.now - 7 * 86_400, now: grown.now)
        },
        GrowthCall(name: "what was queued for too long: a batch") { grown in
            _ = try await grown.queue.expireQueued(before: grown.now, now: grown.now)
        },
        GrowthCall(name: "waits corrected, by their dates") { grown in
            _ = try await grown.queue.correctWaits(before: nil, now: grown.now)
        },
        GrowthCall(name: "waits corrected, by their dates, the clock set back") { grown in
            _ = try await grown.queue.correctWaits(before: grown.now + 30 * 86_400, now: grown.now)
        },
        GrowthCall(name: "waits corrected, of what is due late") { grown in
            let place = WaitPlace.late(.deferred, due: grown.now + 7 * 86_400, after: .max)
            _ = try await grown.queue.correctWaits(place, before: nil, now: grown.now)
        },
        // Of the others there are more where there is more: a batch at a time, too.
        GrowthCall(name: "since when is queued what is, the clock set") { grown in
            _ = try await grown.queue.correct(.queued, before: grown.now, by: 3600, now: grown.now)
        },
        GrowthCall(name: "bursts, and mentions under way, at the start") { grown in
            _ = try await grown.queue.bursts(atMost: 100)
            try await grown.queue.recoverMentions(of: [GrownLedger.mentioned], now: grown.now)
        },
    ]

    static let sweeps: [GrowthCall] = [
        GrowthCall(name: "a round of a sweep") { grown in
            let stream = grown.ledger.stream
            let round = try await stream.beginRound(upTo: 1, window: 0...1, at: grown.now)
            _ = try await stream.round()
            _ = try await stream.sweepKnowledge()
            _ = try await stream.answered(in: round.id)
            let wait = SweepWait(unanswered: "", nextAt: grown.now, patience: .zero)
            try await stream.note(wait, waited: [1: .zero])
        },
        GrowthCall(name: "what waits of an author whom a sweep asks") { grown in
            let pair = SweepPair(GrownLedger.busyAuthor, try NSID("com.example.change.request"))
            _ = try await grown.ledger.stream.waiting(of: pair)
        },
    ]
}
