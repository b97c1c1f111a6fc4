import ATProtocol
import Dispatch
import Foundation
import Network
internal import Sandbox
import TestSupport
import Testing

@testable import LedgerStorage
@testable import Notifier

@Suite(.timeLimit(.minutes(2))) struct `What a requester may know` {
    /// What nobody is told of anybody else: that they stopped, were put on a list, block or are blocked, take no messages.
    private static let withheld: [Reason] = [
        .ownerStopped, .ownerSuppressed, .ownerBlocked, .ownerNotAllowed, .ownerDisabledMessages, .authorBlocked,
        .operatorDecision, .recipientNotFound, .recipientSuspended, .conversationLocked, .waitExpired, .projectMuted,
    ]

    private func standing(of uri: ATURI, in world: World) async throws -> RequestStanding? {
        let ledger = try await world.directory.ledger()
        return try await standing(of: uri, in: ledger, now: world.clock.now())
    }

    private func standing(of uri: ATURI, in ledger: Ledger, now: UnixTime) async throws -> RequestStanding? {
        try await withCheckedThrowingContinuation { continuation in
            ledger.requests.standing(of: uri, now: now) { continuation.resume(with: $0) }
        }
    }

    /// The one job of a world in which a message was delivered.
    private func job() async throws -> Job {
        let world = try World()
        try await world.run([World.batch(try World.event(at: world.clock))])
        return try #require(try await world.jobs().first)
    }

    @Test(arguments: Reason.allCases) func `has a sentence for every reason, which betrays nobody`(reason: Reason) {
        let sentence = reason.forRequester.sentence(sender: "@bot.test")
        let texts = [sentence, reason.forRequester.help(sender: "@bot.test")].compactMap(\.self)
        for text in texts {
            #expect(text.hasSuffix(".") && text.count > 20, "\(text)")
            for word in ["stop", "block", "list", "suppress", "mute", "impact-notifier", "“", "policy", "token"] {
                #expect(!text.lowercased().contains(word), "\(text)")
            }
        }
        if Self.withheld.contains(reason) { #expect(reason.forRequester == .notTold) }
    }

    @Test func `is another sentence for each thing, and a code`() {
        let all = RequesterReason.allCases
        #expect(Set(all.map { $0.sentence(sender: "@bot.test") }).count == all.count)
        #expect(all.allSatisfy { $0.rawValue.allSatisfy { $0.isLowercase || $0 == "-" } })
        #expect(Set(Reason.allCases.map(\.forRequester)).union([.sending, .lookup]) == Set(all), "none is of no use")
    }

    @Test func `stands in docs/operations.md as the code has it`() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/operations.md")
        let page = try String(contentsOf: path, encoding: .utf8)
        let rows = RequesterReason.allCases.map { "| `\($0.rawValue)` | \($0.sentence(sender: "@bot")) |" }
        #expect(page.contains(rows.joined(separator: "\n") + "\n\n"))
    }

    @Test func `is the same of everybody who is not told for what is theirs alone, wherever their job stands`()
        async throws
    {
        let delivered = try await job()
        let states: [JobState] = [.lookup, .queued, .deferred, .dropped]
        var seen: [RequestStanding] = []
        for state in states {
            for reason in Self.withheld {
                var job = delivered
                (job.state, job.reason) = (state, reason)
                job.updatedAt += .seconds(Int64(seen.count))
                (job.dueAt, job.waitUntil) = (job.updatedAt + .seconds(60), job.updatedAt + .seconds(3600))
                seen.append(try #require(RequestStanding([job], now: job.createdAt)))
            }
        }
        let first = try #require(seen.first)
        #expect(seen.allSatisfy { $0 == first })
        #expect(first.state == .notTold && first.reason == .notTold && first.recipients == nil && first.told == 0)
        #expect(first.updatedAt == nil && first.nextAt == nil && first.waitsUntil == nil)
    }

    @Test(arguments: JobState.allCases) func `speaks of nothing to come when all is over`(state: JobState) async throws
    {
        var job = try await job()
        job.state = state
        for reason in Reason.allCases.map(Optional.some) + [nil] {
            job.reason = reason
            let standing = try #require(RequestStanding([job], now: job.createdAt))
            if state.isFinal {
                #expect(!standing.reason.isPending && standing.nextAt == nil && standing.waitsUntil == nil)
                #expect(![.waiting, .looking, .sending].contains(standing.state))
            }
            #expect((state == .delivered) == (standing.state == .told))
            #expect(state != .uncertain || standing.state == .unclear)
        }
    }

    @Test func `is, of several people, about the one who was told or is nearest to it`() async throws {
        let delivered = try await job()
        func other(_ state: JobState, _ reason: Reason? = nil) -> Job {
            var other = delivered
            (other.state, other.reason) = (state, reason)
            return other
        }
        let all = [
            other(.dropped, .ownerStopped), other(.dropped, .recordDeleted), other(.uncertain), other(.lookup),
            other(.deferred, .ownerDoesNotFollow), other(.sending), delivered,
        ]
        let nearest: [RequestStanding.State] = [
            .notTold, .notTold, .unclear, .looking, .waiting, .sending, .told,
        ]
        for (count, state) in zip(1..., nearest) {
            for jobs in [Array(all.prefix(count)), all.prefix(count).reversed()] {
                let standing = try #require(RequestStanding(jobs, now: delivered.createdAt))
                #expect(standing.state == state)
                #expect(standing.recipients == (count == 1 ? nil : count))
                #expect(standing.told == (state == .told ? 1 : 0))
            }
        }
        #expect(RequestStanding([], now: delivered.createdAt) == nil)
    }

    @Test func `is read of the ledger: told, waiting for a follow until a time, unknown`() async throws {
        var world = try World()
        let first = try World.event(1, at: world.clock)
        try await world.run([World.batch(first)])
        let told = try #require(try await world.jobs().first)
        let standing = try #require(try await self.standing(of: told.uri, in: world))
        #expect(standing.state == .told && standing.reason == .told)
        #expect(standing.recipients == 1 && standing.told == 1)
        #expect(standing.seenAt == told.createdAt && standing.updatedAt == told.updatedAt)

        world.configuration.policy.recipients = .followers
        try await world.run([World.batch(try World.event(2, for: World.did("other"), at: world.clock))]) {
            $0[.deferred] == 1
        }
        let waiting = try #require(try await world.jobs().first { $0.state == .deferred })
        let wait = try #require(try await self.standing(of: waiting.uri, in: world))
        #expect(wait.state == .waiting && wait.reason == .followNeeded && wait.told == 0)
        #expect(wait.waitsUntil == waiting.waitUntil && wait.waitsUntil != nil)
        let unknown = try ATURI("at://\(World.author)/com.example.change.request/unknown")
        #expect(try await self.standing(of: unknown, in: world) == nil)
    }

    @Test func `does not tell a stop from a block or from a setting`() async throws {
        var seen: [RequestStanding?] = []
        for obstacle in ["BlockedActor", "MessagesDisabled", "stop"] {
            let world = try World()
            if obstacle == "stop" {
                let ledger = try await world.directory.ledger()
                try await ledger.suppressions.suppress(World.owner, reason: .ownerStopped, now: world.clock.now())
            } else {
                world.chat.refuse(World.owner, #"{"error":"\#(obstacle)","message":"no"}"#)
            }
            try await world.run([World.batch(try World.event(at: world.clock))])
            let uri = try #require(try await world.jobs().first).uri
            seen.append(try await standing(of: uri, in: world))
        }
        #expect(seen[0]?.reason == .notTold && seen.allSatisfy { $0 == seen[0] }, "\(seen)")
    }

    @Test func `is read while the daemon writes`() async throws {
        let world = try World()
        try await world.run([World.batch(try World.event(at: world.clock))])
        let uri = try #require(try await world.jobs().first).uri
        let ledger = try await World.ledger(in: world.directory)
        let (begun, end) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let writing = Task {
            try await ledger.database.write { _ in
                begun.signal()
                end.wait()
            }
        }
        try await onThread { begun.wait() }
        #expect(try await standing(of: uri, in: ledger, now: world.clock.now())?.state == .told)
        end.signal()
        try await writing.value
    }
}
