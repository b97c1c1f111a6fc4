import ATProtocol
import Network
import TestSupport

@testable import Firehose
@testable import ImpactNotifier
@testable import Notifier
@testable import OAuth

/// What a page is made of, all well; tests change what they are about.
enum StatusPageFixture {
    static let now: UnixTime = 1_790_000_000

    static func session() throws -> SessionStatus {
        SessionStatus(
            kind: .confidential,
            account: try DID("did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"),
            pds: "https://pds.example",
            canSendMessages: true,
            canPost: true,
            generation: 3,
            createdAt: now - 86_400,
            refreshedAt: now - 600,
            endsAt: now + .seconds(500 * 86_400),
            state: .ok,
            renewals: [:]
        )
    }

    static func pipeline(_ sender: PipelineStatus.Sender = .open) -> PipelineStatus {
        PipelineStatus(
            sender: sender,
            jobs: [:],
            oldestPendingAge: nil,
            matched: 500,
            delivered: 120,
            lastDeliveredAt: now - 30,
            awaitingProof: 0,
            quarantined: 0,
            pausedHosts: 0
        )
    }

    static func host(_ name: String = "jetstream.example", isConnected: Bool = true, age: Duration = 2) -> HostReport {
        HostReport(
            host: name,
            wire: .jetstream2,
            isConnected: isConnected,
            isCompressed: true,
            since: (now - .seconds(7200)).microseconds,
            until: (now - age).microseconds,
            missed: 0,
            late: 0
        )
    }

    static func job(_ state: JobState, _ reason: Reason? = nil, key: String = "3kabc", rule: String = "issues") throws
        -> Job
    {
        Job(
            id: 1,
            request: 1,
            uri: try ATURI("at://did:plc:bbbbbbbbbbbbbbbbbbbbbbbb/com.example.change.request/\(key)"),
            owner: try DID("did:plc:cccccccccccccccccccccccc"),
            author: try DID("did:plc:bbbbbbbbbbbbbbbbbbbbbbbb"),
            authorName: nil,
            rule: rule,
            cid: nil,
            rev: "3kabc",
            references: [],
            project: nil,
            recordText: #"{"title":"Words of somebody's"}"#,
            projectName: nil,
            isShadow: false,
            mayRepeat: false,
            awaitsProof: false,
            failingSince: nil,
            witnessed: 0,
            state: state,
            reason: reason,
            detail: "a stranger's <words>",
            attempts: 0,
            dueAt: now,
            waitUntil: nil,
            createdAt: now - 300,
            updatedAt: now - 120
        )
    }

    static func overview() throws -> LedgerOverview {
        var overview = LedgerOverview()
        overview.hours = (0..<24).map { number in
            .init(from: now - .seconds((24 - number) * 3600), requests: number == 20 ? 500 : 0, messages: number * 2)
        }
        overview.standing = [
            .init(state: .delivered, reason: nil, number: 480),
            .init(state: .deferred, reason: .ownerDoesNotFollow, number: 12),
            .init(state: .queued, reason: nil, number: 3),
        ]
        overview.outcomes = [try job(.delivered), try job(.dropped, .authorIsOwner, key: "3kabd")]
        overview.rules = ["issues": RuleTally(matched: 500, told: 480, refused: [.authorIsOwner: 8])]
        return overview
    }

    static func facts(_ change: (inout StatusFacts.Daemon) -> Void = { _ in }) throws -> StatusFacts {
        var daemon = StatusFacts.Daemon(
            session: try session(),
            ledger: .answering,
            pipeline: pipeline(),
            hosts: [host()],
            uptime: 3600
        )
        change(&daemon)
        return StatusFacts(
            now: now,
            account: daemon.session.account.text,
            rules: ["issues"],
            namesPeople: true,
            daemon: .success(daemon),
            overview: (figures: try overview(), age: 3)
        )
    }
}
