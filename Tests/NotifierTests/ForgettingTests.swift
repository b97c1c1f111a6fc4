import ATProtocol
import Backfill
import Firehose
import Foundation
import GRDB
import Network
import Sandbox
import TestSupport
import Testing

@testable import LedgerStorage
@testable import Notifier

/// What is known of a person goes when they want it; that nobody writes to them stays.
@Suite(.timeLimit(.minutes(2))) struct `A person who wants to be forgotten` {
    private static let other = World.did("other")

    private func opened(_ world: World) async throws -> Ledger {
        try await world.directory.ledger()
    }

    /// A world in which two owners were told of projects by one author, and one of them has spoken.
    private func spoken(_ words: String...) async throws -> World {
        var world = try World()
        try world.keepOldKey()
        world.configuration.sending.answersInterval = .seconds(60)
        let first = try World.event(1, title: "Mend the door", at: world.clock)
        let second = try World.event(2, for: Self.other, title: "Mend the roof", at: world.clock)
        try await world.run([World.batch(first, second)])
        for word in words { world.chat.say(word, by: World.owner) }
        let chat = world.chat
        try await world.run([World.batch(try World.event(3, project: "p2", at: world.clock))]) { counts in
            guard !words.isEmpty else { return World.isAtRest(counts) }
            let isLookedUp = counts.values.reduce(0, +) == 3 && counts[.lookup, default: 0] == 0
            return isLookedUp && chat.answers(to: World.owner).count == words.count
        }
        let settings = try await opened(world).settings
        let followers = [World.owner, World.author, Self.other].map(\.text).joined(separator: " ")
        try await settings.set(RecipientStore.followersSetting, to: followers)
        return world
    }

    /// Where an account is named in a ledger: the tables and columns.
    private func places(_ did: DID, _ ledger: Ledger) async throws -> [String] {
        try await ledger.database.read { database in
            let tables: [String] = try database.values("SELECT name FROM sqlite_master WHERE type = 'table'")
            var places: [String] = []
            for table in tables {
                for row in try Row.fetchAll(database, sql: "SELECT * FROM \"\(table)\"") {
                    for (column, value) in row {
                        let text = String.fromDatabaseValue(value) ?? ""
                        let bytes = Data.fromDatabaseValue(value).map { String(decoding: $0, as: UTF8.self) } ?? ""
                        if (text + bytes).contains(did.text) { places.append("\(table).\(column)") }
                    }
                }
            }
            return Set(places).sorted()
        }
    }

    @Test func `as a recipient is named nowhere any more, and others lose nothing`() async throws {
        let world = try await spoken("digest daily", "mute p1")
        let ledger = try await opened(world)
        let tables = Set(try await places(World.owner, ledger).map { $0.prefix { $0 != "." } })
        #expect(
            tables.isSuperset(of: [
                "job", "request", "message", "conversation", "heard", "preference", "project", "setting",
            ])
        )
        let elsewhere = try await places(Self.other, ledger)
        let forgotten = try await ledger.recipients.forget(World.owner, now: world.clock.now())
        #expect(try await places(World.owner, ledger) == [])
        #expect(try await places(Self.other, ledger) == elsewhere)
        #expect(forgotten.requests == 2 && forgotten.inDoubt == 0 && !forgotten.isSuppressed)
        #expect(try await ledger.desk.jobs().map(\.owner) == [Self.other])
        #expect(try await ledger.desk.counts() == [.delivered: 1])
        // Nobody asked for silence: what comes is told.
        try await world.run([World.batch(try World.event(4, project: "p3", title: "Fourth", at: world.clock))])
        #expect(world.chat.notices(to: World.owner).last?.text.contains("Fourth") == true)
    }

    @Test func `is not written to any more when they asked for that, though they stand nowhere`() async throws {
        var world = try await spoken("stop")
        let ledger = try await opened(world)
        #expect(try await ledger.recipients.forget(World.owner, now: world.clock.now()).isSuppressed)
        #expect(try await places(World.owner, ledger) == [])
        #expect(try await ledger.suppressions.contains(World.owner))
        #expect(try await ledger.suppressions.all().isEmpty)
        #expect(try await ledger.suppressions.countForgotten() == 1)
        #expect(try await !ledger.suppressions.contains(Self.other))
        let count = world.chat.notices(to: World.owner).count
        try await world.run([World.batch(try World.event(4, at: world.clock))])
        #expect(try await world.jobs().first { $0.owner == World.owner }?.reason == .ownerSuppressed)
        // A second word to stop is no news, and the first to start is heeded.
        world.configuration.policy.maximumAge = .seconds(30 * 86_400)
        let answers = world.chat.answers(to: World.owner).count
        for word in ["stop", "start"] { world.chat.say(word, by: World.owner) }
        try await world.run([]) { [chat = world.chat] _ in chat.answers(to: World.owner).count == answers + 1 }
        #expect(world.chat.answers(to: World.owner).last?.contains("You get messages again") == true)
        #expect(try await !ledger.suppressions.contains(World.owner))
        try await world.run([World.batch(try World.event(5, at: world.clock))])
        #expect(world.chat.notices(to: World.owner).count == count + 1)
    }

    @Test func `keeps the reason of an operator or a block, which only an operator lifts`() async throws {
        let world = try await spoken()
        let ledger = try await opened(world)
        let now = world.clock.now()
        try await ledger.suppressions.suppress(World.owner, reason: .operatorDecision, note: "by mail", now: now)
        #expect(try await ledger.recipients.forget(World.owner, now: now).isSuppressed)
        #expect(try await ledger.recipients.forget(World.owner, now: now).isSuppressed, "a second time is no harm")
        #expect(try await places(World.owner, ledger) == [])
        #expect(try await !ledger.suppressions.lift(World.owner, ifReason: .ownerStopped))
        #expect(try await ledger.suppressions.contains(World.owner))
        #expect(try await ledger.suppressions.lift(World.owner))
        #expect(try await !ledger.suppressions.contains(World.owner))
        // A block of somebody who had stopped is the stronger reason, and stays as nameless.
        try await ledger.suppressions.suppress(World.owner, reason: .ownerStopped, now: now)
        _ = try await ledger.recipients.forget(World.owner, now: now)
        try await ledger.suppressions.suppress(World.owner, reason: .ownerBlocked, now: now)
        #expect(try await !ledger.suppressions.lift(World.owner, ifReason: .ownerStopped))
        #expect(try await places(World.owner, ledger).filter { !$0.hasPrefix("calling_off") } == [])
    }

    @Test func `as an author leaves no word in what others were told`() async throws {
        let world = try await spoken()
        let ledger = try await opened(world)
        #expect(try await places(World.author, ledger).contains("request.author"))
        let forgotten = try await ledger.recipients.forget(World.author, now: world.clock.now())
        #expect(forgotten.requests == 3 && forgotten.messages == 0)
        #expect(try await places(World.author, ledger) == [])
        let texts: [String] = try await ledger.database.read { try $0.values("SELECT message FROM message") }
        #expect(texts == ["{}", "{}", "{}"])
        #expect(try await ledger.desk.counts().isEmpty)
        // The ledger still knows that it has written there, and whom.
        let queue = ledger.queue(Timetable())
        #expect(try await queue.known(in: "convo-\(World.owner)", with: World.owner)?.last != nil)
    }

    @Test func `is not sent what is in doubt again, and an author's words stay until it is settled`() async throws {
        var world = try World()
        world.configuration.sending.settle = .seconds(60)
        world.chat.fail("sendMessage", with: .lostBefore)
        try await world.run([World.batch(try World.event(1, at: world.clock))]) { $0[.verify] == 1 }
        let ledger = try await opened(world)
        #expect(try await ledger.recipients.forget(World.author, now: world.clock.now()).inDoubt == 1)
        #expect(try await world.jobs().map(\.state) == [.verify])
        #expect(try await ledger.recipients.forget(World.owner, now: world.clock.now()).messages == 1)
        world.clock.advance(61)
        try await world.run([World.batch(try World.event(2, for: Self.other, at: world.clock))])
        #expect(world.chat.messages.map(\.owner) == [Self.other])
        #expect(try await ledger.recipients.forget(World.author, now: world.clock.now()).inDoubt == 0)
        #expect(try await places(World.author, ledger) == [])
    }

    /// Has others told by the word of an account, and that told which they work on no more.
    private static func letWork(_ others: DID, by did: DID, _ ledger: Ledger) async throws {
        let record = "at://\(did)/com.example.grant/g"
        try await ledger.database.write { database in
            try database.execute(
                sql: """
                    UPDATE job SET role = 'collaborator', confirmed_by = '\(record)' WHERE owner = '\(others)';
                    INSERT INTO revoked (uri, at) VALUES ('\(record)', 0);
                    INSERT INTO attempt (request, at, phase, outcome, detail)
                        SELECT request, 0, 'project', 'collaborator-unconfirmed', '\(did) is none' FROM job
                        WHERE owner = '\(others)';
                    """
            )
        }
    }

    @Test func `as a subscriber, or by what they said of others, is named nowhere any more`() async throws {
        let world = try await spoken()
        let ledger = try await opened(world)
        let (now, collection) = (world.clock.now(), try NSID("com.example.subscription"))
        #expect(try await ledger.subscriptions.take([World.owner], in: collection, now: now))
        let subscriber = try #require(try await ledger.subscriptions.due(limit: 1, now: now).first)
        let uri = try ATURI("at://\(World.owner)/\(collection)/s")
        let subscription = SubscriptionStore.Subscription(uri: uri, subjects: [.account(Self.other)])
        try await ledger.subscriptions.store([subscription], of: subscriber, next: .seconds(60), now: now)
        try await Self.letWork(Self.other, by: World.owner, ledger)
        let tables = Set(try await places(World.owner, ledger).map { $0.prefix { $0 != "." } })
        #expect(tables.isSuperset(of: ["subscriber", "subscription", "revoked", "attempt"]))
        _ = try await ledger.recipients.forget(World.owner, now: now)
        #expect(try await places(World.owner, ledger) == [])
        #expect(try await ledger.subscriptions.nextDue() == nil)
        // A directory names them again; who asked for silence is not put down for that.
        try await ledger.suppressions.suppress(World.owner, reason: .ownerStopped, now: now)
        _ = try await ledger.recipients.forget(World.owner, now: now)
        for isSilent in [true, false] {
            if !isSilent { try await ledger.suppressions.lift(World.owner) }
            #expect(try await ledger.subscriptions.take([World.owner], in: collection, now: now))
            #expect(try await (ledger.subscriptions.nextDue() == nil) == isSilent)
        }
        let jobs = try await ledger.desk.jobs()
        #expect(jobs.map(\.owner) == [Self.other] && jobs.map(\.role) == [.collaborator])
        let history = try await ledger.desk.history(of: try #require(jobs.first).uri)
        #expect(history.attempts.contains { $0.detail == "somebody is none" })
    }

    @Test func `has nobody told whom they let work on a project no more`() async throws {
        let room = try await WaitingRoom()
        let (owner, other) = (WaitingRoom.owner(0), WaitingRoom.owner(1))
        try await room.add([other])
        try await Self.letWork(other, by: owner, room.ledger)
        _ = try await room.ledger.recipients.forget(owner, now: room.clock.now())
        #expect(try await places(owner, room.ledger) == ["job.confirmed_by", "revoked.uri"])
    }

    @Test func `is named by no gap any more, and what else is missing stays known`() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await directory.ledger()
        let (now, author) = (UnixTime(seconds: 1_790_000_000), World.author)
        for host in [author.text, Self.other.text] {
            let reason = StreamGap.Reason.repositoryReplaced
            try await ledger.stream.declare(
                StreamGap(host: host, wire: .relay, from: 0, until: 1, reason: reason),
                at: now
            )
        }
        let wait = SweepWait(unanswered: "1 of 9, for example \(author): timeout", nextAt: now, patience: .seconds(60))
        try await ledger.stream.note(wait, waited: [2: .zero])
        _ = try await ledger.recipients.forget(author, now: now)
        #expect(try await places(author, ledger) == [])
        let gaps = try await ledger.stream.openGaps()
        #expect(gaps.map(\.gap.host) == [Self.other.text])
        #expect(gaps.first?.wait?.unanswered == "1 of 9, for example somebody: timeout")
    }

    @Test func `goes, however much is known of them`() async throws {
        let room = try await WaitingRoom()
        let owner = WaitingRoom.owner(0)
        try await room.add(Array(repeating: owner, count: 300) + [WaitingRoom.owner(1)])
        #expect(try await room.ledger.recipients.forget(owner, now: room.clock.now()).requests == 300)
        #expect(try await places(owner, room.ledger) == [])
        #expect(try await room.jobs(in: .deferred).map(\.owner) == [WaitingRoom.owner(1)])
    }

    @Test func `finds each table of the ledger in docs/data.md, and no other`() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await directory.ledger()
        let tables: [String] = try await ledger.database.read { database in
            try database.values(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'grdb%'"
            )
        }
        let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/data.md")
        let page = try String(contentsOf: path, encoding: .utf8)
        let part = try #require(page.components(separatedBy: "\n## ").first { $0.hasPrefix("In the ledger") })
        let cells = part.split(separator: "\n").filter { $0.hasPrefix("| `") }
            .compactMap { $0.split(separator: "|").first }
        let named = cells.flatMap { $0.matches(of: #/`(\w+)`/#).map { String($0.1) } }
        #expect(named.sorted() == tables.sorted())
    }
}
