import ATProtocol
import Firehose
import Network
import Sandbox
import TestSupport
import Testing

@testable import LedgerStorage
@testable import Notifier

/// What becomes of a request's newest version is shown, whatever its earlier ones came to.
@Suite(.timeLimit(.minutes(2))) struct `A request that was told once` {
    private func delivered() async throws -> World {
        let world = try World()
        try await world.run([World.batch(try World.event(at: world.clock))]) { $0[.delivered] == 1 }
        return world
    }

    @Test func `shows why its next version is told to nobody, and can be tried again`() async throws {
        var world = try await delivered()
        world.http = ScriptedClient { _ in
            .success(HTTPResponse(status: 400, body: Array(#"{"error":"RecordNotFound"}"#.utf8)))
        }
        var rule = RuleText(
            name: "issues",
            collections: ["com.example.change.request"],
            references: .init(["subject.uri"], accepts: ["at-uri"]),
            message: "{{record.title}}"
        )
        rule.projectCollections = ["com.example.project"]
        rule.requiresProjectRecord = true
        world.configuration.rules = [try Rule(rule)]
        let update = try World.event(for: World.did("other"), operation: .update, title: "new", at: world.clock, rev: 5)
        try await world.run([World.batch(update)]) { $0[.dropped] == 1 && $0[.delivered] == 1 }
        let ledger = try await world.directory.ledger()
        let jobs = try await ledger.desk.jobs(about: try #require(try await world.jobs().first?.uri))
        #expect(jobs.map(\.state) == [.delivered, .dropped])
        #expect(jobs.last?.reason == .projectNotFound)
        #expect(try await ledger.desk.jobs(in: .dropped).count == 1)
        let uri = try #require(jobs.first?.uri)
        #expect(
            try await ledger.desk.carryOut(.retry, about: uri, now: world.clock.now()).map(\.state).contains(
                .lookup
            )
        )
        #expect(try await ledger.desk.jobs(in: .lookup).count == 1)
        #expect(
            try await ledger.desk.history(of: uri).attempts.contains { $0.phase == "operator" && $0.outcome == "retry" }
        )
        world.http = .world()
        try await world.run([]) { $0[.delivered] == 2 }
        #expect(world.chat.messages.map(\.owner) == [World.owner, World.did("other")])
    }

    @Test func `gives up an account that does not come back`() async throws {
        var world = try await delivered()
        world.http = ScriptedClient { request in
            let isStatus = request.url.path.hasSuffix("getRepoStatus")
            let body = isStatus ? #"{"active":false,"status":"deactivated"}"# : #"{"error":"RecordNotFound"}"#
            return .success(HTTPResponse(status: isStatus ? 200 : 400, body: Array(body.utf8)))
        }
        let update = try World.event(for: World.did("other"), operation: .update, title: "new", at: world.clock, rev: 5)
        try await world.run([World.batch(update)]) { $0[.deferred] == 1 && $0[.delivered] == 1 }
        world.clock.advance(30 * 86_400 + 1)
        try await world.run([]) { $0[.dropped] == 1 && $0[.delivered] == 1 }
        #expect(Set(try await world.jobs().map(\.reason)) == [nil, .waitExpired])
    }

    @Test func `of a blocked author is told when the block is lifted and an operator wants it`() async throws {
        var world = try World()
        world.configuration.policy.blockedAuthors = [World.author]
        try await world.run([World.batch(try World.event(at: world.clock))]) { $0[.dropped] == 1 }
        world.configuration.policy.blockedAuthors = []
        let ledger = try await world.directory.ledger()
        let uri = try #require(try await world.jobs().first?.uri)
        _ = try await ledger.desk.carryOut(.retry, about: uri, now: world.clock.now())
        try await world.run([]) { $0[.delivered] == 1 }
        #expect(world.chat.messages.count == 1)
    }
}
