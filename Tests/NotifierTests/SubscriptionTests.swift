import ATProtocol
import Firehose
import GRDB
import Network
import Sandbox
import TestSupport
import Testing

@testable import LedgerStorage
@testable import Notifier

/// What people want to be told: what their own repositories say, whatever a stream or a directory says.
@Suite(.timeLimit(.minutes(2))) struct `Subscriptions` {
    private let network = PeopleNetwork()

    private func heed(_ world: World, _ uri: String, _ operation: String = "create", value: Int64 = 1) async throws {
        let event = try PeopleNetwork.event(of: uri, operation == "create" ? .create : .delete, value: value)
        let ledger = try await World.ledger(in: world.directory)
        guard case .commit(let commit) = event.body else { return }
        let uri = ATURI(event.did, commit.collection, commit.recordKey)
        let item = IntakeItem.subscription(uri, isDeleted: operation == "delete")
        _ = try await ledger.queue(Timetable()).store(World.batch(event), [item], now: world.clock.now())
    }

    @Test func `that stand already are read from the repositories that a directory names`() async throws {
        let world = try network.world()
        network.subscribe()
        network.subscribe(World.did("elsewhere"), to: "at://\(World.owner)/com.example.project/p2")
        try await world.keepSubscriptions()
        #expect(try await world.subscribers() == [PeopleNetwork.subscriber])
        // They are listed once a week, and read once a day.
        let asked = world.http.count("/xrpc/com.atproto.sync.listReposByCollection")
        try await world.keepSubscriptions()
        #expect(world.http.count("/xrpc/com.atproto.sync.listReposByCollection") == asked)
        world.clock.advance(.seconds(7 * 86_400 + 1))
        try await world.keepSubscriptions()
        #expect(world.http.count("/xrpc/com.atproto.sync.listReposByCollection") == asked + 1)
    }

    @Test func `that the stream tells of are read, and one that no repository holds is none`() async throws {
        var world = try network.world()
        world.configuration.lookup.directories = []
        let log = LogRecorder()
        world.logger = log.logger
        let uri = network.subscribe()
        try await heed(world, uri)
        try await heed(world, "at://\(World.did("forged"))/com.example.subscription/s", value: 2)
        try await world.keepSubscriptions()
        #expect(try await world.subscribers() == [PeopleNetwork.subscriber])
        let refused = log.lines.filter { $0.message == "a subscription is not in the subscriber's repository" }
        #expect(refused.map { $0.metadata["reason"] } == ["subscription-unconfirmed"])
        #expect(refused.first?.metadata["uri"]?.contains(World.did("forged").text) == true)
    }

    @Test func `that are deleted count no more at once, though the server does not answer`() async throws {
        let world = try network.world()
        let uri = network.subscribe()
        try await world.keepSubscriptions()
        network.change { $0.ill = [PeopleNetwork.subscriber] }
        try await heed(world, uri, "delete")
        #expect(try await world.subscribers() == [])
        world.clock.advance(.seconds(11))
        try await world.keepSubscriptions()
        #expect(try await world.subscribers() == [])
    }

    @Test func `stand while the server does not answer, and go with what it says then`() async throws {
        let world = try network.world()
        let uri = network.subscribe()
        try await world.keepSubscriptions()
        network.change { $0.ill = [PeopleNetwork.subscriber] }
        world.clock.advance(.seconds(86_401))
        try await world.keepSubscriptions()
        #expect(try await world.subscribers() == [PeopleNetwork.subscriber])
        network.change {
            $0.ill = []
            $0.records[uri] = nil
        }
        world.clock.advance(.seconds(121))
        try await world.keepSubscriptions()
        #expect(try await world.subscribers() == [])
    }

    @Test func `are to some collections, when they say so`() async throws {
        let world = try network.world()
        network.subscribe(only: ["com.example.other"])
        network.subscribe(World.did("both"), only: ["com.example.other", "com.example.change.request"])
        network.subscribe(World.did("all"), only: [])
        network.subscribe(World.did("none"), only: ["no name"])
        try await world.keepSubscriptions()
        #expect(try await world.subscribers() == [World.did("all"), World.did("both")])
        #expect(try await Set(world.subscribers(for: "com.example.other")).contains(PeopleNetwork.subscriber))
    }

    @Test func `that change while they are read are read once more`() async throws {
        let world = try network.world()
        let ledger = try await World.ledger(in: world.directory)
        let store = ledger.subscriptions
        let (did, collection) = (PeopleNetwork.subscriber, NSID(known: "com.example.subscription"))
        let found = SubscriptionStore.Subscription(
            uri: try ATURI("at://\(did)/\(collection)/s"),
            subjects: [try #require(ProjectReference(PeopleNetwork.project))]
        )
        #expect(try await store.take([did], in: collection, now: world.clock.now()))
        for isChanged in [true, false] {
            let now = world.clock.now()
            let reading = try #require(try await store.due(limit: 5, now: now).first)
            #expect(reading.did == did)
            if isChanged {
                let item = IntakeItem.subscription(found.uri, isDeleted: false)
                _ = try await ledger.queue(Timetable()).store(StreamBatch(events: []), [item], now: now)
            }
            try await store.store([found], of: reading, next: .seconds(86_400), now: now)
            #expect(try await world.subscribers() == (isChanged ? [] : [did]))
            world.clock.advance(.seconds(11))
        }
        #expect(try await store.due(limit: 5, now: world.clock.now()).isEmpty)
    }

    @Test func `are those of so many people, and of each so many`() async throws {
        let world = try network.world()
        for number in 0..<120 {
            network.subscribe(to: "at://\(World.owner)/com.example.project/x\(number)", key: "k\(1000 + number)")
        }
        try await world.keepSubscriptions()
        let ledger = try await World.ledger(in: world.directory)
        let count = try await ledger.database.read { database in
            try Int.fetchOne(database, sql: "SELECT count(*) FROM subscription") ?? 0
        }
        #expect(count == SubscriptionStore.maximumSubscriptions)
    }

    @Test func `that a server lists twice are one`() async throws {
        let world = try network.world()
        for number in 0..<60 {
            network.subscribe(to: "at://\(World.owner)/com.example.project/x\(number)", key: "k\(1000 + number)")
        }
        network.change { $0.copies = 2 }
        try await world.keepSubscriptions()
        let ledger = try await World.ledger(in: world.directory)
        let count = try await ledger.database.read { database in
            try Int.fetchOne(database, sql: "SELECT count(*) FROM subscription") ?? 0
        }
        #expect(count == 60)
    }

    @Test func `that are stored twice are one`() async throws {
        let world = try network.world()
        let store = try await World.ledger(in: world.directory).subscriptions
        let (did, collection, now) = (
            PeopleNetwork.subscriber, NSID(known: "com.example.subscription"), world.clock.now()
        )
        let found = SubscriptionStore.Subscription(
            uri: try ATURI("at://\(did)/\(collection)/s"),
            subjects: [try #require(ProjectReference(PeopleNetwork.project))]
        )
        #expect(try await store.take([did], in: collection, now: now))
        let reading = try #require(try await store.due(limit: 1, now: now).first)
        try await store.store([found, found], of: reading, next: .seconds(86_400), now: now)
        #expect(try await world.subscribers() == [did])
    }

    @Test func `of others are read while servers take their time`() async throws {
        let world = try network.world()
        let people = ["one", "two", "three", "four", "five"].map { World.did($0) }
        for person in people { network.subscribe(person) }
        let keeper = try await world.subscriptionKeeper()
        var begun = try await keeper.step().due
        #expect(begun.count == 3)
        // None of these has ended.
        world.clock.advance(.seconds(1))
        let others = try await keeper.step().due
        begun += others
        #expect(others.count == 2 && Set(begun.map(\.did)) == Set(people))
    }

    @Test func `to what nobody asks for make room when places get few, and no others`() async throws {
        let world = try network.world()
        let useful = PeopleNetwork.subscriber
        network.subscribe()
        for name in ["idle", "idler", "idlest"] {
            network.subscribe(World.did(name), to: "at://\(World.owner)/com.example.project/none")
        }
        try await world.keepSubscriptions()
        try await world.run([World.batch(try World.event(1, at: world.clock))])
        let ledger = try await world.directory.ledger()
        let (store, now) = (ledger.subscriptions, world.clock.now())
        #expect(try await !store.makeRoom(now: now))
        while try await store.makeRoom(in: SubscriptionStore.freePlaces, now: now) {}
        let left = try await ledger.database.read { try String.fetchAll($0, sql: "SELECT did FROM subscriber") }
        let count = try await ledger.database.read { try Int.fetchOne($0, sql: "SELECT number FROM subscriber_count") }
        #expect(left == [useful.text] && count == 1)
        #expect(try await world.subscribers() == [useful])
    }

    @Test func `are forgotten when no rule reads them any more`() async throws {
        let world = try network.world()
        network.subscribe()
        try await world.keepSubscriptions()
        let ledger = try await World.ledger(in: world.directory)
        while try await ledger.subscriptions.forget(allBut: []) {}
        #expect(try await world.subscribers() == [])
        #expect(try await ledger.subscriptions.nextDue() == nil)
    }

    @Test func `are read within a day, however far ahead the clock was`() async throws {
        let world = try network.world()
        network.subscribe()
        let now = world.clock.now()
        world.clock.advance(.seconds(365 * 86_400))
        try await world.keepSubscriptions()
        let ledger = try await World.ledger(in: world.directory)
        try await ledger.queue(Timetable()).correctAllWaits(now: now)
        #expect(try await ledger.subscriptions.nextDue() == now + .seconds(86_400))
    }

    @Test func `are listed again when no directory answered`() async throws {
        let world = try network.world()
        network.subscribe()
        network.change { $0.isRelayDown = true }
        try await world.keepSubscriptions()
        #expect(try await world.subscribers() == [])
        network.change { $0.isRelayDown = false }
        world.clock.advance(.seconds(61))
        try await world.keepSubscriptions()
        #expect(try await world.subscribers() == [PeopleNetwork.subscriber])
    }

    @Test func `are listed again when a directory broke off`() async throws {
        let world = try network.world()
        network.subscribe()
        network.change { $0.isRelayCut = true }
        try await world.keepSubscriptions()
        #expect(try await world.subscribers() == [PeopleNetwork.subscriber])
        let late = World.did("late")
        network.subscribe(late)
        network.change { $0.isRelayCut = false }
        world.clock.advance(.seconds(61))
        try await world.keepSubscriptions()
        #expect(try await Set(world.subscribers()) == [late, PeopleNetwork.subscriber])
    }
}
