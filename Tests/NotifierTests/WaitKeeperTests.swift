import ATProtocol
import GRDB
import LedgerStorage
import Network
import Synchronization
import TestSupport
import Testing

@testable import Notifier

@Suite(.timeLimit(.minutes(2))) struct `The keeper of what waits` {
    @Test func `a new follow is noticed within one interval, by one question`() async throws {
        let room = try await WaitingRoom()
        let owners = WaitingRoom.owners(0..<3)
        try await room.add(owners)
        try await room.pass(1)
        room.appView.change { $0.followers = [owners[1]] }
        try await room.pass(900)
        #expect(room.appView.count("getFollowers") == 1)
        #expect(try await room.waiting() == [owners[0], owners[2]])
        #expect(try await room.jobs(in: .lookup).count == 1)
    }

    @Test func `nobody is asked while nobody waits for a follow`() async throws {
        let room = try await WaitingRoom()
        try await room.add(WaitingRoom.owners(0..<3), waitingFor: .ownerDisabledMessages)
        try await room.pass(3600)
        #expect(room.appView.count("getFollowers") + room.appView.count("getRelationships") == 0)
    }

    @Test func `followers are read until fifty in a row are known, ten pages at most, and two hundred are kept`()
        async throws
    {
        let room = try await WaitingRoom()
        try await room.add([WaitingRoom.owner(0)])
        let followers = WaitingRoom.owners(1000..<2500)
        room.appView.change { $0.followers = followers }
        // Pages in each interval, as more and more follow.
        var pages: [Int] = []
        for newcomers in [0, 0, 60, 60, 49] {
            let first = 3000 + pages.count * 100
            room.appView.change { $0.followers = WaitingRoom.owners(first..<first + newcomers) + $0.followers }
            room.appView.forget()
            try await room.pass(901)
            pages.append(room.appView.count("getFollowers"))
        }
        #expect(pages == [10, 1, 2, 2, 1])
        let kept = try await room.ledger.settings["latest-followers"]?.split(separator: " ").map(String.init)
        #expect(kept == room.appView.state.withLock { $0.followers.prefix(200).map(\.text) })
    }

    @Test func `a follow that no list shows, an unfollow and a block are found by asking after those who wait`()
        async throws
    {
        let room = try await WaitingRoom()
        let owners = WaitingRoom.owners(0..<3)
        try await room.add(owners)
        room.appView.change {
            $0.unlisted = [owners[0]]
            $0.blockers = [owners[1]]
        }
        try await room.pass(901)
        #expect(try await room.waiting() == [owners[2]])
        #expect(try await room.ledger.suppressions.all().map(\.did) == [owners[1]])
        #expect(try await room.jobs(in: .dropped).map(\.reason) == [.ownerBlocked])
        #expect(try await room.jobs(in: .lookup).count == 1)
    }

    @Test(arguments: ["getFollowers", "getRelationships"])
    func `nothing is asked before the time that the AppView names`(first: String) async throws {
        let room = try await WaitingRoom()
        let owner = WaitingRoom.owner(0)
        let job = try #require(try await room.add([owner], waitingFor: nil).first)
        let limit = HTTPResponse(status: 429, headers: ["Retry-After": "2000"])
        room.appView.change { $0.refusal = limit }
        let asked = room.clock.now()
        if first == "getFollowers" {
            await #expect(throws: CallError.self) { try await room.client.followers(after: nil) }
        } else {
            try await room.checker.ask(about: [owner])
        }
        _ = try await room.queue.apply(.admitted(.waits(.relationshipUnknown)), to: [job], now: asked)
        room.appView.change { $0.refusal = nil }
        try await room.pass(1999)
        let waiting = try #require(try await room.jobs(in: .deferred).first)
        #expect(try await room.checker.admission(of: owner, to: waiting) == .waits(.relationshipUnknown))
        #expect(room.appView.state.withLock { $0.questions.count } == 1)
        try await room.pass(2)
        #expect(room.appView.count("getRelationships") == (first == "getFollowers" ? 1 : 2))
        #expect(try await room.jobs(in: .deferred).map(\.reason) == [.ownerNotFollowing])
    }

    @Test func `an AppView that is down is asked later and later, and then everybody who waits for its word`()
        async throws
    {
        let room = try await WaitingRoom()
        let owners = WaitingRoom.owners(0..<40)
        room.appView.change {
            $0.refusal = HTTPResponse(status: 503)
            $0.unlisted = Set(owners)
        }
        try await room.add(owners, waitingFor: .relationshipUnknown)
        try await room.pass(3600)
        let times = room.appView.state.withLock { $0.questions.map(\.at) }
        let gaps = zip(times.dropFirst(), times).map { ($0 - $1).inSeconds.rounded() }
        #expect(gaps == [15, 30, 60, 120, 240, 480, 900, 900])
        #expect(try await room.waiting().count == 40)
        room.appView.change { $0.refusal = nil }
        try await room.pass(901)
        #expect(try await room.waiting().isEmpty)
        #expect(try await room.jobs(in: .lookup).count == 40)
    }

    @Test func `three thousand who wait cost at most a question a second, and a new follower is still noticed in time`()
        async throws
    {
        let room = try await WaitingRoom(interval: .seconds(60))
        try await room.add(WaitingRoom.owners(0..<3000))
        try await room.pass(60)
        for number in [2999, 0, 1500] {
            let owner = WaitingRoom.owner(number)
            room.appView.change { $0.followers.insert(owner, at: 0) }
            room.appView.forget()
            try await room.pass(60)
            #expect(try await room.waiting().contains(owner) == false)
            #expect(room.appView.count("getFollowers") == 1)
        }
        room.appView.forget()
        try await room.pass(600)
        let count = room.appView.state.withLock { $0.questions.count }
        #expect((550...610).contains(count))
        // Everybody had a turn.
        let since = room.clock.now() - Duration.seconds(600)
        let forgotten = try await room.ledger.database.read { database in
            try Int.fetchOne(
                database,
                sql: "SELECT count(*) FROM recipient WHERE ask_at IS NOT NULL AND asked_at < ?",
                arguments: [since]
            )
        }
        #expect(forgotten == 0)
    }

    @Test func `an owner for whom thousands wait is woken in batches, and asked after once`() async throws {
        let room = try await WaitingRoom()
        let owner = WaitingRoom.owner(0)
        try await room.add(Array(repeating: owner, count: 2500))
        room.appView.change { $0.unlisted = [owner] }
        try await room.checker.ask(about: [owner])
        var left = [2500]
        while left.last != 0, left.count < 100 {
            #expect(try await room.keeper.step() == 0)
            left.append(try await room.ledger.desk.counts()[.deferred] ?? 0)
        }
        #expect(left == stride(from: 2500, to: 0, by: -LedgerTransaction.batch) + [0])
        #expect(room.appView.count("getRelationships") == 1)
        #expect(try await room.queue.nextQuestion() == nil)
    }

    @Test func `what waits for a follow shows when its owner is asked after next`() async throws {
        let room = try await WaitingRoom()
        let owner = WaitingRoom.owner(0)
        try await room.add([owner, owner])
        let start = room.clock.now()
        #expect(try await room.jobs(in: .deferred).map(\.dueAt) == [start + 900, start + 900])
        try await room.pass(901)
        let next = try await room.jobs(in: .deferred).map { ($0.dueAt - start).inSeconds.rounded() }
        #expect(next == [1800, 1800])
    }

    @Test(arguments: Reason.allCases.filter { $0.waits != nil })
    func `whatever waits is woken in time, for every reason and verdict, and others are told meanwhile`(
        reason: Reason
    ) async throws {
        let room = try await WaitingRoom()
        let (owner, other) = (WaitingRoom.owner(0), WaitingRoom.owner(1))
        var jobs = try await room.add([owner], waitingFor: reason)
        for action in Verdict.Action.allCases {
            let job = try await room.add([owner], waitingFor: nil)
            _ = try await room.queue.apply(.failed(Verdict(0, action, reason)), to: job, now: room.clock.now())
            jobs += job
        }
        let told = try await room.add([other], waitingFor: nil)
        let candidate = try await room.queue.nextCandidate(room.configuration, now: room.clock.now())
        // What failed but for a time stands in the same queue, as it should.
        #expect(candidate?.jobs.allSatisfy { $0.state == .queued } == true)
        #expect(try await room.jobs(in: .queued).contains { $0.id == told[0] })
        let deferred = try await room.jobs(in: .deferred).filter { jobs.contains($0.id) }
        #expect(deferred.count >= 2)
        #expect(deferred.allSatisfy { $0.reason == reason })
        room.appView.change { $0.followers = [owner] }
        try await room.pass(1)
        let timetable = Timetable(room.configuration)
        room.clock.advance(max(timetable.wait(for: reason), timetable.follow))
        try await room.pass(1)
        #expect(try await room.waiting().isEmpty)
        #expect(try await room.jobs(in: .lookup).count == deferred.count)
    }

    @Test(arguments: Reason.allCases.filter { $0.waits != nil })
    func `whatever waits has an end, for every reason`(reason: Reason) async throws {
        let room = try await WaitingRoom(interval: .seconds(86_400))
        try await room.add([WaitingRoom.owner(0)], waitingFor: reason)
        // Nobody looked in all the time.
        room.clock.advance(30 * 86_400)
        try await room.pass(1)
        #expect(try await room.jobs(in: .dropped).map(\.reason) == [.waitExpired])
        try await room.pass(1)
        #expect(try await room.queue.nextQuestion() == nil)
    }

    @Test func `several who want to know at once share a question, and the answer is believed for an hour`()
        async throws
    {
        let room = try await WaitingRoom()
        let owners = WaitingRoom.owners(0..<21)
        try await room.add(owners, waitingFor: nil)
        let jobs = try await room.jobs(in: .queued)
        let network = ScriptedClient { _ in
            .failure(HTTPError(code: .timeout, origin: "", detail: "", mayHaveBeenSent: true))
        }
        let path = "/xrpc/app.bsky.graph.getRelationships"
        let client = RelationshipClient(
            configuration: room.configuration,
            sender: World.sender,
            http: network,
            clock: room.clock,
            logger: .silent
        )
        let context = DeliveryContext.silent(room.configuration, http: network, wallClock: room.clock)
        let checker = AdmissionChecker(context, ledger: room.ledger, client: client)
        let followers = owners.map { owner -> JSONValue in ["did": .string(owner.text), "followedBy": "at://x"] }
        network.script(path, [.json(["relationships": .array(followers)])])
        network.during(path) {
            // The first question, of whoever was quick, is answered when all others stand behind it.
            let first =
                network.requests.first { $0.url.path == path }.map { "\($0.url)".matches(of: #/others=/#).count } ?? 0
            while network.count(path) == 1, await checker.waiting.count < owners.count - first { await Task.yield() }
        }
        @Sendable func admitAll() async throws -> [Admission] {
            try await withThrowingTaskGroup { group in
                for job in jobs {
                    guard let owner = job.owner else { continue }
                    group.addTask { try await checker.admission(of: owner, to: job) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        #expect(try await admitAll() == Array(repeating: .told, count: 21))
        let asked = network.count(path)
        #expect(asked <= 2)
        room.clock.advance(3599)
        #expect(try await admitAll() == Array(repeating: .told, count: 21))
        #expect(network.count(path) == asked)
        room.clock.advance(2)
        network.during(path, nil)
        _ = try await admitAll()
        #expect(network.count(path) > asked)
    }

    @Test func `nobody who is known not to follow is written to, even when that became known at the last moment`()
        async throws
    {
        let room = try await WaitingRoom()
        let owner = WaitingRoom.owner(0)
        try await room.add([owner], waitingFor: nil)
        room.appView.change { $0.followers = [owner] }
        try await room.checker.ask(about: [owner])
        let candidate = try #require(
            try await room.queue.nextCandidate(room.configuration, now: room.clock.now())
        )
        room.appView.change { $0.followers = [] }
        try await room.checker.ask(about: [owner])
        let policy = AdmissionPolicy(room.configuration, sender: World.sender)
        let message = ComposedMessage(text: "words", links: [], reference: "ref-x")
        let (begun, applied) = try await room.queue.begin(
            message,
            for: candidate,
            in: Conversation(id: "c", lastMessage: nil),
            maximumSends: 3,
            policy: policy,
            now: room.clock.now()
        )
        #expect(begun == nil)
        #expect(applied.outcomes.map(\.reason) == [.ownerNotFollowing])
        #expect(try await room.waiting() == [owner])
        #expect(try await room.queue.nextQuestion() == room.clock.now() + 900)
    }
}
