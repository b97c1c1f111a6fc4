import ATProtocol
import Firehose
import LedgerStorage
import Network
import Sandbox
import TestSupport
import Testing

@testable import Notifier

/// Who hears of a request beside the project's owner: each once, each with a reason, none of them its author.
@Suite(.timeLimit(.minutes(2))) struct `The project's other people` {
    private let network = PeopleNetwork()
    private static let everybody = Set(RecipientRole.allCases)

    /// Runs requests by one author about the project; which were written to.
    private func tell(
        _ world: World,
        _ numbers: Range<Int> = 1..<2,
        by author: DID = World.author,
        untilNothingIsDue: Bool = false,
        isDone: @escaping @Sendable ([JobState: Int]) -> Bool = World.isAtRest
    ) async throws -> [DID] {
        try await world.keepSubscriptions()
        let events = try numbers.map { try World.event($0, by: author, at: world.clock) }
        try await world.run([World.batch(events)], untilNothingIsDue: untilNothingIsDue, isDone: isDone)
        return world.chat.messages.map(\.owner)
    }

    private func reasons(_ world: World) async throws -> [String: Reason] {
        let jobs = try await world.jobs()
        return Dictionary(jobs.compactMap { job in job.reason.map { (job.owner?.text ?? "", $0) } }) { $1 }
    }

    /// What the history of the only request says of whom it does not tell.
    private func notes(_ world: World) async throws -> [Reason] {
        let desk = try await world.directory.ledger().desk
        let uri = try #require(try await desk.jobs(limit: 1).first?.uri)
        return try await desk.history(of: uri).attempts.compactMap(\.reason)
    }

    @Test func `hear of it once each, the owner first, and each is told why`() async throws {
        network.grant(PeopleNetwork.collaborator)
        network.subscribe()
        let world = try network.world()
        let told = try await tell(world)
        #expect(told.first == World.owner)
        #expect(Set(told) == [World.owner, PeopleNetwork.collaborator, PeopleNetwork.subscriber] && told.count == 3)
        func why(_ did: DID) -> String { world.chat.messages(to: did).first?.text ?? "" }
        #expect(why(World.owner).contains("you get this because you own “Windmill”."))
        #expect(why(PeopleNetwork.collaborator).contains("because you are a collaborator of “Windmill”."))
        #expect(why(PeopleNetwork.subscriber).contains("because you subscribed to “Windmill”."))
        #expect(world.chat.messages.allSatisfy { $0.text.contains("Answer STOP") })
        let jobs = try await world.jobs()
        #expect(Set(jobs.map(\.role)) == Self.everybody)
        let records = jobs.filter { $0.role != .owner }.compactMap(\.confirmedBy?.collection?.text).sorted()
        #expect(records == ["com.example.collaborator", "com.example.subscription"])
        // After a restart nobody hears of it again.
        world.clock.advance(.seconds(60))
        try await world.run([World.batch(try World.event(1, at: world.clock))])
        #expect(world.chat.messages.count == 3)
    }

    @Test func `are told nothing where the rule tells owners alone`() async throws {
        network.grant(PeopleNetwork.collaborator)
        network.subscribe()
        #expect(try await tell(network.world([.owner])) == [World.owner])
    }

    @Test func `hear of it once who are several of these, as the first`() async throws {
        for person in [World.owner, PeopleNetwork.collaborator] {
            network.grant(person)
            network.subscribe(person)
        }
        let world = try network.world()
        #expect(try await tell(world) == [World.owner, PeopleNetwork.collaborator])
        #expect(world.chat.messages.last?.text.contains("you are a collaborator") == true)
    }

    @Test func `are never the author, nor the bot`() async throws {
        for person in [World.author, World.sender] {
            network.grant(person)
            network.subscribe(person)
        }
        let world = try network.world()
        #expect(try await tell(world) == [World.owner])
        #expect(try await world.jobs().map(\.owner) == [World.owner])
    }

    @Test func `hear of what the owner writes themselves, but nobody by the owner's word alone`() async throws {
        network.grant(PeopleNetwork.collaborator)
        network.subscribe()
        let world = try network.world()
        #expect(try await tell(world, by: World.owner) == [PeopleNetwork.subscriber])
        #expect(try await reasons(world)[World.owner.text] == .authorIsOwner)
        #expect(try await notes(world).contains(.collaboratorUnconfirmed))
    }

    @Test func `are told though the owner is not`() async throws {
        network.subscribe()
        let world = try network.world([.subscriber])
        #expect(try await tell(world) == [PeopleNetwork.subscriber])
        let nobody = try PeopleNetwork().world([.subscriber])
        #expect(try await tell(nobody) == [])
        #expect(try await reasons(nobody).values.map(\.self) == [.nobodyToTell])
    }

    @Test func `are each asked whether they follow: a subscription is no consent`() async throws {
        network.grant(PeopleNetwork.collaborator)
        network.subscribe()
        network.change { $0.followers = [PeopleNetwork.subscriber] }
        var world = try network.world()
        world.configuration.policy.recipients = .followers
        #expect(try await tell(world) == [PeopleNetwork.subscriber])
        let reasons = try await reasons(world)
        #expect(reasons[World.owner.text] == .ownerNotFollowing)
        #expect(reasons[PeopleNetwork.collaborator.text] == .ownerNotFollowing)
    }

    @Test func `are each stopped by their own word, and by no one else's`() async throws {
        network.grant(PeopleNetwork.collaborator)
        network.subscribe()
        let world = try network.world()
        let list = try await world.directory.ledger().suppressions
        _ = try await list.suppress(PeopleNetwork.collaborator, .ownerStopped, now: world.clock.now())
        #expect(try await Set(tell(world)) == [World.owner, PeopleNetwork.subscriber])
        #expect(try await reasons(world)[PeopleNetwork.collaborator.text] == .ownerSuppressed)
    }

    @Test func `have limits of their own: who gets more waits, and nobody else`() async throws {
        network.grant(PeopleNetwork.collaborator)
        network.subscribe(key: "s")
        network.subscribe(only: ["com.example.other"], key: "t")
        var world = try network.world()
        world.configuration.policy.ownerHourlyLimit = 2
        let told = try await tell(world, 1..<5) { $0[.queued] == 6 && $0[.delivered] == 6 }
        for person in [World.owner, PeopleNetwork.collaborator, PeopleNetwork.subscriber] {
            #expect(told.count { $0 == person } == 2)
        }
    }

    @Test func `of a busy author get no more than their limit, however many they are`() async throws {
        let people = "abcdefghij".map { World.did("person\($0)") }
        for person in people { network.grant(person) }
        var world = try network.world([.owner, .collaborator])
        world.configuration.policy.ownerHourlyLimit = 3
        let told = try await tell(world, 1..<101) { $0[.delivered] == 33 && $0[.queued] == 1067 }
        for person in people + [World.owner] { #expect(told.count { $0 == person } == 3) }
        let jobs = try await world.jobs()
        #expect(Set(jobs.map { "\($0.uri) \($0.owner?.text ?? "")" }).count == jobs.count)
    }

    @Test func `are not told whom the rule tells no more when their turn comes`() async throws {
        network.grant(PeopleNetwork.collaborator)
        network.subscribe()
        var world = try network.world()
        world.configuration.policy.ownerHourlyLimit = 1
        _ = try await tell(world, 1..<3) { $0[.queued] == 3 && $0[.delivered] == 3 }
        world.configuration.rules = [try PeopleNetwork.rule([.owner])]
        world.clock.advance(.seconds(3601))
        try await world.run([])
        #expect(world.chat.messages.count == 4)
        let dropped = try await world.jobs().filter { $0.state == .dropped }
        #expect(dropped.map(\.reason) == [.roleNotTold, .roleNotTold])
    }

    @Test func `are not told who withdraw their subscription before their turn comes`() async throws {
        let uri = network.subscribe()
        var world = try network.world([.owner, .subscriber])
        world.configuration.policy.ownerHourlyLimit = 1
        _ = try await tell(world, 1..<3) { $0[.queued] == 2 && $0[.delivered] == 2 }
        let event = try PeopleNetwork.event(of: uri, .delete, value: 50)
        network.change { $0.records[uri] = nil }
        try await world.run([World.batch(event)]) { $0[.queued] == 2 }
        world.clock.advance(.seconds(3601))
        try await world.run([])
        #expect(world.chat.messages(to: PeopleNetwork.subscriber).count == 1)
        #expect(try await reasons(world)[PeopleNetwork.subscriber.text] == .subscriptionEnded)
    }

    @Test func `are not told who work on it no more when their turn comes`() async throws {
        let uri = network.grant(PeopleNetwork.collaborator)
        var world = try network.world([.owner, .collaborator])
        world.configuration.policy.ownerHourlyLimit = 1
        _ = try await tell(world, 1..<3) { $0[.queued] == 2 && $0[.delivered] == 2 }
        network.change { $0.records[uri] = nil }
        try await world.run([World.batch(try PeopleNetwork.event(of: uri, .delete, value: 50))]) { $0[.queued] == 2 }
        world.clock.advance(.seconds(3601))
        try await world.run([])
        #expect(world.chat.messages(to: PeopleNetwork.collaborator).count == 1)
        #expect(world.chat.messages(to: World.owner).count == 2)
        #expect(try await reasons(world)[PeopleNetwork.collaborator.text] == .collaboratorUnconfirmed)
    }

    @Test(arguments: [PeopleNetwork.collaborator, World.did("successor")])
    func `are told whom a record that was rewritten names when their turn comes`(person: DID) async throws {
        let uri = network.grant(PeopleNetwork.collaborator, key: "g")
        var world = try network.world([.owner, .collaborator])
        world.sleeper = HurriedClock()
        world.configuration.policy.ownerHourlyLimit = 1
        _ = try await tell(world, 1..<3) { $0[.queued] == 2 && $0[.delivered] == 2 }
        network.grant(person, key: "g")
        network.change { state in
            guard case .object(var record)? = state.records[uri] else { return }
            record["note"] = "rewritten"
            state.records[uri] = .object(record)
        }
        try await world.run([World.batch(try PeopleNetwork.event(of: uri, .update, value: 50))]) { $0[.queued] == 2 }
        world.clock.advance(.seconds(3601))
        try await world.run([]) { $0[.delivered] == 4 }
        #expect(world.chat.messages(to: World.owner).count == 2)
        let isSame = person == PeopleNetwork.collaborator
        #expect(world.chat.messages(to: PeopleNetwork.collaborator).count == (isSame ? 2 : 1))
        #expect(world.chat.messages(to: person).count == (isSame ? 2 : 1))
    }

    @Test(arguments: [true, false])
    func `are not told whose subscription is to something else when their turn comes`(isToAnother: Bool) async throws {
        let uri = network.subscribe()
        var world = try network.world([.owner, .subscriber])
        world.configuration.policy.ownerHourlyLimit = 1
        _ = try await tell(world, 1..<3) { $0[.queued] == 2 && $0[.delivered] == 2 }
        if isToAnother {
            network.subscribe(to: "at://\(World.owner)/com.example.project/p2")
        } else {
            network.subscribe(only: ["com.example.other"])
        }
        let event = try PeopleNetwork.event(of: uri, .update, value: 50)
        try await world.run([World.batch(event)]) { $0[.queued] == 2 }
        world.clock.advance(.seconds(3601))
        try await world.keepSubscriptions()
        try await world.run([])
        #expect(world.chat.messages(to: PeopleNetwork.subscriber).count == 1)
        #expect(try await reasons(world)[PeopleNetwork.subscriber.text] == .subscriptionEnded)
    }

    @Test func `are no more than the rule's maximum, and the history says so`() async throws {
        for letter in "abcdefghijkl" { network.subscribe(World.did("person\(letter)")) }
        var world = try network.world()
        world.configuration.rules = [try PeopleNetwork.rule([.owner, .subscriber]) { $0.maximumPeople = 5 }]
        #expect(try await tell(world).count == 6)
        #expect(try await notes(world).contains(.peopleAboveLimit))
    }

    @Test func `are waited for while an index is ill, and then the others are told without them`() async throws {
        var world = try network.world()
        world.configuration.lookup.firstWait = .seconds(10)
        world.configuration.rules = [
            try PeopleNetwork.rule([.owner, .collaborator]) { text in
                text.collaborators?.query = "https://index.example.com/people?project={{reference}}"
                text.collaborators?.people = "items[*].subject"
            }
        ]
        network.grant(PeopleNetwork.collaborator)
        network.change { $0.index = (500, [:]) }
        let told = try await tell(world, untilNothingIsDue: true) { $0[.lookup] == 1 }
        #expect(told == [])
        network.change { $0.index = (200, ["items": [["subject": .string(PeopleNetwork.collaborator.text)]]]) }
        world.clock.advance(.seconds(60))
        try await world.run([])
        #expect(Set(world.chat.messages.map(\.owner)) == [World.owner, PeopleNetwork.collaborator])
        network.change { $0.index = (500, [:]) }
        _ = try await tell(world, 2..<3, untilNothingIsDue: true) { $0[.lookup] == 1 }
        world.clock.advance(.seconds(4000))
        try await world.run([])
        // Whom the owner's records name is known all the same.
        #expect(world.chat.messages.count == 4)
    }

    @Test func `of a liar are told nothing: each lie has its reason`() async throws {
        let victims = ["one", "two", "three"].map { World.did("victim\($0)") }
        network.grant(victims[0], by: World.author)
        network.put(
            ["subject": ["$type": "x#y", "uri": .string(PeopleNetwork.project)]],
            by: World.author,
            in: "com.example.subscription"
        )
        network.change { state in
            state.index = (200, ["items": .array(victims.map { ["subject": .string($0.text)] })])
        }
        var world = try network.world()
        world.configuration.rules = [
            try PeopleNetwork.rule(Self.everybody) { text in
                text.collaborators?.query = "https://index.example.com/people?project={{reference}}"
                text.collaborators?.people = "items[*].subject"
            }
        ]
        // The stream tells of subscriptions that nobody made.
        let forged = try victims.enumerated().map { number, victim in
            try PeopleNetwork.event(of: "at://\(victim)/com.example.subscription/s", .create, value: Int64(number + 20))
        }
        try await world.run([World.batch(forged)]) { _ in true }
        #expect(try await tell(world) == [World.owner])
        #expect(try await notes(world).filter { $0 == .collaboratorUnconfirmed }.count == victims.count)
    }
}
