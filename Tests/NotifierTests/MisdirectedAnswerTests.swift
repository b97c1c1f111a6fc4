import ATProtocol
import Firehose
import Foundation
import GRDB
import Network
import Sandbox
import TestSupport
import Testing

@testable import LedgerStorage
@testable import Notifier

/// Every answer is checked against its question, and what does not fit is no answer.
@Suite(.timeLimit(.minutes(2))) struct `An answer to something else` {
    private static let other = World.did("other")

    private func conversation(_ id: String, _ members: DID...) -> String {
        let list = members.map { #"{"did":"\#($0)"}"# }.joined(separator: ",")
        return #"{"convo":{"id":"\#(id)","rev":"r","members":[\#(list)]}}"#
    }

    private func batch(_ world: World, _ owners: DID...) throws -> StreamBatch {
        World.batch(try owners.enumerated().map { try World.event($0 + 1, for: $1, at: world.clock) })
    }

    @Test func `the conversation of others gets no message, and delays nobody`() async throws {
        let world = try World()
        let lies = [
            conversation("convo-\(Self.other)", World.sender, Self.other), conversation("convo-\(Self.other)"),
            conversation("convo-\(Self.other)", World.sender, World.owner, Self.other), #"{"convo":{"id":"c"}}"#,
        ]
        for lie in lies { world.chat.fail("getConvoForMembers", with: .answer(status: 200, body: lie)) }
        try await world.run([try batch(world, World.owner, Self.other)])
        #expect(world.chat.messages(to: World.owner).count == 1)
        #expect(world.chat.messages(to: Self.other).count == 1)
    }

    @Test func `a service that shows no messages is written to all the same`() async throws {
        let world = try World()
        world.chat.fail("getMessages", with: .answer(status: 501, body: #"{"error":"MethodNotImplemented"}"#))
        try await world.run([World.batch(try World.event(at: world.clock))])
        #expect(world.chat.messages(to: World.owner).count == 1)
        #expect(world.chat.calls.count { $0 == "getConvoForMembers" } == 1)
    }

    @Test func `an id that is another's is asked about, and neither fails the ledger nor sends to them`() async throws {
        let world = try World()
        try await world.run([try batch(world, Self.other)])
        let lie = conversation("convo-\(Self.other)", World.sender, World.owner)
        for _ in 0..<3 { world.chat.fail("getConvoForMembers", with: .answer(status: 200, body: lie)) }
        try await world.run([World.batch(try World.event(2, at: world.clock))])
        #expect(world.chat.messages(to: World.owner).count == 1)
        #expect(world.chat.messages(to: Self.other).count == 1)
    }

    @Test func `a lie that came first is found out when the other's turn comes`() async throws {
        let world = try World()
        try world.keepOldKey()
        // It names the right members and another's id, of which nobody knows yet: this one arrives at the wrong place.
        let lie = conversation("convo-\(Self.other)", World.sender, World.owner)
        world.chat.fail("getConvoForMembers", with: .answer(status: 200, body: lie))
        try await world.run([try batch(world, World.owner)])
        try await world.run([World.batch(try World.event(2, for: Self.other, at: world.clock))])
        try await world.run([World.batch(try World.event(3, for: World.owner, at: world.clock))])
        #expect(world.chat.messages(to: World.owner).count == 1)
        #expect(world.chat.messages(to: Self.other).count == 2)
    }

    @Test(arguments: [
        #"{"id":"x","rev":"r","sender":{"did":"did:plc:strangeraaaaaaaaaaaaaaaa"},"text":"hello"}"#,
        #"{"id":"x","rev":"r","sender":{"did":"\#(World.sender)"},"text":"hello"}"#,
        #"{"id":"x","rev":"r","sender":{"did":"\#(World.sender)"}}"#,
        #"{"error":"InvalidRequest","message":"Invalid Request"}"#, "{}",
    ])
    func `to the sending itself leaves the message in doubt, and it is read first`(lie: String) async throws {
        let world = try World()
        let status = lie.contains("error") ? 400 : 200
        world.chat.fail("sendMessage", with: .carriedOut(status: status, body: lie))
        try await world.run([World.batch(try World.event(at: world.clock))])
        #expect(world.chat.messages.count == 1)
        #expect(world.chat.calls.contains("getMessages"))
        #expect(try await world.jobs().map(\.state) == [.delivered])
    }

    @Test func `a page that is not understood keeps a message in doubt, whichever page it is`() async throws {
        let world = try World()
        world.chat.say("before", by: World.owner)
        world.chat.fail("sendMessage", with: .lostAfter)
        let unknown =
            #"{"id":"a","rev":"r9","sender":{"did":"\#(World.sender)"},"$type":"chat.bsky.convo.defs#pollView"}"#
        let known = #"{"id":"b","rev":"r8","sender":{"did":"\#(World.owner)"},"text":"hi"}"#
        world.chat.fail(
            "getMessages",
            with: .answer(status: 200, body: #"{"cursor":"c","messages":[\#(known),\#(unknown),{}]}"#),
            .answer(status: 200, body: #"{"messages":[\#(known)]}"#)
        )
        try await world.run([World.batch(try World.event(at: world.clock))])
        #expect(world.chat.messages(to: World.owner).count == 1)
    }

    @Test func `an old page proves nothing`() async throws {
        let world = try World()
        world.chat.say("before", by: World.owner)
        world.chat.fail("sendMessage", with: .lostAfter)
        let old =
            #"{"messages":[{"id":"id-rev00000001","rev":"rev00000001","sender":{"did":"\#(World.owner)"},"text":"before"}]}"#
        for _ in 0..<3 { world.chat.fail("getMessages", with: .answer(status: 200, body: old)) }
        try await world.run([World.batch(try World.event(at: world.clock))])
        #expect(world.chat.messages(to: World.owner).count == 1)
    }

    @Test(arguments: [
        #"{"messages":[]}"#,
        #"{"messages":[{"id":"x","rev":"r9","sender":{"did":"did:plc:strangeraaaaaaaaaaaaaaaa"},"text":"hi"}]}"#,
    ])
    func `a page that is empty or of others proves nothing, whether or not the conversation can be asked`(page: String)
        async throws
    {
        var world = try World()
        world.configuration.sending.settle = .seconds(1000)
        world.chat.say("before", by: World.owner)
        for number in 1...2 {
            world.chat.fail("sendMessage", with: .lostAfter)
            let event = try World.event(number, at: world.clock)
            try await world.run([World.batch(event)]) { $0[.verify] == 1 }
            for _ in 0..<3 {
                if number == 1 { world.chat.fail("getConvoForMembers", with: .answer(status: 503, body: "")) }
                world.chat.fail("getMessages", with: .answer(status: 200, body: page))
            }
            world.clock.advance(1001)
            try await world.run([])
            #expect(world.chat.messages(to: World.owner).count == number)
        }
    }

    @Test(arguments: ["drop then retry", "retry", "drop, retry, drop, retry"])
    func `whatever is decided meanwhile, a message in doubt is read before it is sent again`(decisions: String)
        async throws
    {
        var world = try World()
        world.configuration.sending.settle = .seconds(1000)
        world.chat.fail("sendMessage", with: .lostAfter)
        try await world.run([World.batch(try World.event(at: world.clock))]) { $0[.verify] == 1 }
        let ledger = try await world.directory.ledger()
        let uri = try #require(try await ledger.desk.jobs().first?.uri)
        for decision in decisions.matches(of: /drop|retry/).map(\.output) {
            _ = try await ledger.desk.carryOut(decision == "drop" ? .drop : .retry, about: uri, now: world.clock.now())
        }
        world.clock.advance(1001)
        try await world.run([])
        world.clock.advance(1001)
        try await world.run([])
        #expect(world.chat.messages.count == 1)
    }

    @Test func `one owner whose answers fail for ever holds up nobody else`() async throws {
        var world = try World()
        world.configuration.sending.firstWait = .seconds(1000)
        world.configuration.sending.maximumWait = .seconds(1000)
        world.chat.refuse(World.owner, status: 500, "{}")
        for round in 0..<15 {
            try await world.run([World.batch(try World.event(1, at: world.clock))]) { [chat = world.chat] counts in
                counts[.queued] == 1 && chat.calls.count { $0 == "getConvoForMembers" } > round
            }
            world.clock.advance(1001)
        }
        try await world.run([World.batch(try World.event(2, for: Self.other, at: world.clock))]) { $0[.delivered] == 1 }
        #expect(world.chat.messages(to: Self.other).count == 1)
    }

    @Test func `a follow of another account is none`() async throws {
        var world = try World()
        world.configuration.policy.recipients = .followers
        let answer = #"{"actor":"\#(Self.other)","relationships":[{"did":"\#(World.owner)","followedBy":"at://x"}]}"#
        world.http.script("/xrpc/app.bsky.graph.getRelationships", [.json(try JSONValue(parsing: Array(answer.utf8)))])
        try await world.run([World.batch(try World.event(at: world.clock))]) { $0[.deferred] == 1 }
        #expect(world.chat.messages.isEmpty)
    }
}
