import ATProtocol
import Network
import Sandbox
import TestSupport
import Testing

@testable import LedgerStorage
@testable import Notifier

@Suite(.timeLimit(.minutes(2))) struct `Proof before sending` {
    @Test func `what the author's repository holds is sent, and the proof is in its history`() async throws {
        let world = try await ProvenWorld()
        let uri = try world.write("Door")
        try await world.run(world.event(uri, "Door"), reaching: .delivered)
        #expect(world.chat.messages.count == 1 && world.proofRequests == 1)
        let ledger = try await world.directory.ledger()
        let attempts = try await ledger.desk.history(of: uri).attempts
        #expect(attempts.contains { $0.phase == "proof" && $0.outcome == "proven" })
    }

    @Test func `what nobody committed is not sent: the signed repository of a later revision lacks it`() async throws {
        let world = try await ProvenWorld()
        let forged = try world.forgery(after: -60_000_000)
        try await world.run(forged, reaching: .dropped, .recordNotFound)
        #expect(world.chat.messages.isEmpty && world.proofRequests == 1)
    }

    @Test func `a commit whose key could not be had is proven although nothing else is`() async throws {
        var world = try await ProvenWorld()
        world.configuration.lookup.provesBeforeSending = false
        let uri = try world.write("Door")
        let forged = try world.forgery(after: -60_000_000)
        try await world.run([world.unproven(world.event(uri, "Door")), world.unproven(forged)]) { jobs in
            jobs.map(\.state).sorted { $0.rawValue < $1.rawValue } == [.delivered, .dropped]
        }
        #expect(world.chat.messages.count == 1 && world.proofRequests == 2)
        let desk = try await world.directory.ledger().desk
        #expect(try await desk.history(of: uri).attempts.map(\.outcome).contains("awaits proof"))
        #expect(try await desk.awaitingProof() == 0)
    }

    @Test(arguments: [true, false])
    func `what was deleted and is tried again is told only if the repository holds it all the same`(isThere: Bool)
        async throws
    {
        var world = try await ProvenWorld()
        world.configuration.lookup.provesBeforeSending = false
        world.configuration.policy.recipients = .followers
        let uri = try world.write("Door")
        try await world.run([world.event(uri, "Door")]) { $0.map(\.state) == [.deferred] }
        let key = try #require(uri.recordKey)
        let rev = TID(microseconds: try TID(key.text).microseconds + 1, clock: 1)
        try await world.run([world.deletion(world.event(uri, "Door", rev: rev))]) {
            $0.map(\.reason) == [.recordDeleted]
        }
        if !isThere {
            try world.network.deleteRecord(by: world.author, collection: ProvenWorld.collection, key: key.text)
        }
        let desk = try await world.directory.ledger().desk
        // Whoever decides otherwise meanwhile does not make it exist.
        _ = try await desk.carryOut(.drop, about: uri, now: world.clock.now())
        #expect(try await !desk.carryOut(.retry, about: uri, now: world.clock.now()).isEmpty)
        world.configuration.policy.recipients = .anyone
        world.clock.advance(10)
        try await world.run([]) { $0.allSatisfy(\.state.isFinal) }
        #expect(try await desk.jobs(about: uri).map(\.reason) == [isThere ? nil : .recordNotFound])
        #expect(world.chat.messages.count == (isThere ? 1 : 0) && world.proofRequests > 0)
    }

    @Test func `what a Jetstream has brought, too, awaits no proof`() async throws {
        var world = try await ProvenWorld()
        world.configuration.lookup.provesBeforeSending = false
        world.network.faults.add(.respond(HTTPResponse(status: 503)), on: "com.atproto.sync.getRecord", count: 100)
        let uri = try world.write("Door")
        let event = try world.event(uri, "Door")
        try await world.run([world.unproven(event), event]) { $0.allSatisfy { $0.state == .delivered } }
        #expect(world.chat.messages.count == 1)
    }

    @Test func `what awaits proof keeps nobody else waiting, and ends`() async throws {
        var world = try await ProvenWorld()
        world.configuration.lookup.provesBeforeSending = false
        world.network.faults.add(.respond(HTTPResponse(status: 503)), on: "sync.getRecord", count: 100)
        let (door, window) = (try world.write("Door"), try world.write("Window"))
        try await world.run([world.unproven(world.event(door, "Door")), world.event(window, "Window")]) { jobs in
            jobs.contains { $0.uri == window && $0.state == .delivered }
                && jobs.contains { $0.uri == door && $0.reason == .proofUnavailable }
        }
        let desk = try await world.directory.ledger().desk
        #expect(try await desk.awaitingProof() == 1)
        world.clock.advance(.seconds(3 * 86_400 + 1))
        try await world.run([]) { jobs in jobs.allSatisfy(\.state.isFinal) }
        #expect(world.chat.messages.count == 1)
        #expect(try await desk.awaitingProof() == 0)
    }

    @Test func `what awaits proof and waited for a follow is proven as patiently as what is new`() async throws {
        var world = try await ProvenWorld()
        world.configuration.lookup.provesBeforeSending = false
        world.configuration.policy.recipients = .followers
        let uri = try world.write("Door")
        try await world.run([world.unproven(world.event(uri, "Door"))]) { $0.allSatisfy { $0.state == .deferred } }
        try follow(world)
        world.network.faults.add(.respond(HTTPResponse(status: 503)), on: "com.atproto.sync.getRecord", count: 1)
        world.clock.advance(4 * 86_400)
        try await world.run([]) { $0.allSatisfy { $0.state.isFinal } }
        #expect(world.chat.messages.count == 1 && world.proofRequests == 2)
    }

    /// The owner follows the sender from now on.
    private func follow(_ world: ProvenWorld) throws {
        let sender = try world.network.createAccount(handle: "sender.test")
        let follows = #"{"relationships":[{"did":"\#(world.owner.did)","followedBy":"at://\#(sender.did)/x/y"}]}"#
        let answer = HTTPResponse(status: 200, body: Array(follows.utf8))
        world.network.faults.add(.respond(answer), on: "getRelationships", count: 100)
    }

    @Test func `a repository that is behind the event is asked once more, a minute later`() async throws {
        let world = try await ProvenWorld()
        try await world.run(world.forgery(), reaching: .lookup, .recordNotFound)
        world.clock.advance(61)
        try await world.run(reaching: .dropped, .recordNotFound)
        #expect(world.chat.messages.isEmpty && world.proofRequests == 2)
    }

    @Test func `what was deleted while nobody told of it is not sent`() async throws {
        let world = try await ProvenWorld()
        let uri = try world.write("Door")
        let event = try world.event(uri, "Door")
        try world.network.deleteRecord(
            by: world.author,
            collection: ProvenWorld.collection,
            key: #require(uri.recordKey).text
        )
        try await world.run(event, reaching: .dropped, .recordNotFound)
        #expect(world.chat.messages.isEmpty)
    }

    @Test func `what was changed meanwhile is sent as it is now, and its own event says nothing more`() async throws {
        let world = try await ProvenWorld()
        let uri = try world.write("Door")
        let old = try world.event(uri, "Door")
        _ = try world.write("Window", key: #require(uri.recordKey).text)
        try await world.run(old, reaching: .delivered)
        #expect(world.chat.messages.map { $0.text.hasPrefix("“Window” for “Engine”") } == [true])
        let rev = TID(microseconds: UInt64(world.clock.now().microseconds), clock: 7)
        try await world.run(world.event(uri, "Window", rev: rev), reaching: .delivered)
        #expect(world.chat.messages.count == 1)
    }

    @Test func `a content that the author did not sign never reaches the message`() async throws {
        let world = try await ProvenWorld()
        let uri = try world.write("Door")
        try await world.run(world.event(uri, "Door", told: "Buy this"), reaching: .delivered)
        #expect(world.chat.messages.map { $0.text.hasPrefix("“Door” for “Engine”") } == [true])
    }

    @Test func `a reference that the author did not sign is not followed`() async throws {
        let world = try await ProvenWorld()
        let record: JSONValue = ["title": "Chat", "subject": "nothing"]
        let uri = try world.network.createRecord(
            by: world.author,
            collection: ProvenWorld.collection,
            record: record
        )
        try await world.run(world.event(uri, "Door"), reaching: .dropped, .referenceMalformed)
        #expect(world.chat.messages.isEmpty)
    }

    @Test func `a proof that another key signed is refused, after one more try`() async throws {
        let world = try await ProvenWorld()
        let uri = try world.write("Door")
        let stranger = try #require(world.network.plc.document(of: world.owner.did)?["verificationMethod"]?[0])
        let document = PLCDirectory.document(
            of: world.author.did,
            handle: world.author.handle,
            pds: world.network.pdsURL.origin,
            signingKey: stranger["publicKeyMultibase"]?.string
        )
        world.network.plc.setDocument(of: world.author.did, document)
        try await world.run(world.event(uri, "Door"), reaching: .lookup, .proofInvalid)
        world.clock.advance(301)
        try await world.run(reaching: .dropped, .proofInvalid)
        #expect(world.chat.messages.isEmpty)
    }

    @Test func `a key that was changed a moment ago is asked for past the cache`() async throws {
        let world = try await ProvenWorld()
        let uri = try world.write("Door")
        _ = try await world.identities.document(of: world.author.did, isFresh: false)
        try world.network.rotateSigningKey(of: world.author)
        try await world.run(world.event(uri, "Door"), reaching: .delivered)
        #expect(world.proofRequests == 2)
    }

    @Test func `a PDS that does not answer is asked again after a restart, and given up in the end`() async throws {
        let world = try await ProvenWorld()
        let down = Fault.respond(HTTPResponse(status: 503))
        let uri = try world.write("Door")
        world.network.faults.add(down, on: "com.atproto.sync.getRecord", count: 1)
        try await world.run(world.event(uri, "Door"), reaching: .delivered)
        #expect(world.proofRequests == 2)
        world.network.faults.add(down, on: "com.atproto.sync.getRecord", count: 10_000)
        let other = try world.write("Window")
        try await world.run([world.event(other, "Window")]) { $0.contains { $0.attempts > 2 } }
        world.clock.advance(86_401)
        try await world.run([]) { $0.allSatisfy { $0.state.isFinal } }
        let ledger = try await world.directory.ledger()
        let job = try #require(try await ledger.desk.jobs().first { $0.uri == other })
        #expect(job.state == .dropped && [.proofUnavailable, .hostPaused].contains(job.reason))
        #expect(world.chat.messages.count == 1)
    }

    @Test func `an author who is not active asks for nothing`() async throws {
        let world = try await ProvenWorld()
        let uri = try world.write("Door")
        world.network.setStatus("takendown", of: world.author)
        try await world.run(world.event(uri, "Door"), reaching: .dropped, .authorInactive)
        #expect(world.chat.messages.isEmpty)
    }

    @Test func `what waited for a follow is proven when it comes, not when the wait began`() async throws {
        var world = try await ProvenWorld()
        world.configuration.policy.recipients = .followers
        let uri = try world.write("Door")
        let kept = try world.write("Window")
        try await world.run([world.event(uri, "Door"), world.event(kept, "Window")]) { jobs in
            jobs.count == 2 && jobs.allSatisfy { $0.state == .deferred }
        }
        #expect(world.proofRequests == 0)
        try world.network.deleteRecord(
            by: world.author,
            collection: ProvenWorld.collection,
            key: #require(uri.recordKey).text
        )
        try follow(world)
        world.clock.advance(world.configuration.policy.followInterval + 1)
        try await world.run([]) { $0.allSatisfy { $0.state.isFinal } }
        #expect(world.chat.messages.map { $0.text.hasPrefix("“Window” for “Engine”") } == [true])
    }
}
