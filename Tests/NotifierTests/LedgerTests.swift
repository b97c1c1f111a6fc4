import ATProtocol
import Crypto
import Dispatch
import Firehose
import Foundation
import GRDB
import Glibc
internal import Network
import Sandbox
import TestSupport
import Testing

@testable import LedgerStorage
@testable import Notifier

@Suite struct `The ledger` {
    private func store(_ ledger: Ledger, _ events: [StreamEvent]) async throws -> IntakeResult {
        var classifier = EventClassifier(NotifierConfiguration(rules: [try World.rule()]), sender: nil)
        return try await ledger.queue(Timetable()).store(
            World.batch(events),
            events.compactMap { classifier.classify($0, now: 1_790_000_000) },
            now: 1_790_000_000
        )
    }

    @Test func `events and their position are there together after a reopening (invariant 1)`() async throws {
        let directory = try TemporaryDirectory()
        do {
            let ledger = try await Ledger.open(directory: directory.path, access: .daemon)
            _ = try await store(ledger, [try World.event(1), try World.event(2)])
        }
        let ledger = try await Ledger.open(directory: directory.path, access: .daemon)
        #expect(try await ledger.desk.jobs().count == 2)
        let positions = try await ledger.stream.positions()
        #expect(positions.map(\.position.value) == [2])
        #expect(positions.map(\.evidence) == [[1, 2]])
    }

    @Test func `a batch that cannot be stored moves no position (invariant 1)`() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await Ledger.open(directory: directory.path, access: .daemon)
        _ = try await store(ledger, [try World.event(1)])
        try await ledger.database.write { try $0.execute(sql: "DROP TABLE quarantine") }
        var batch = World.batch(try World.event(2))
        batch.rejected = [
            RejectedEvent(host: "h", wire: .relay, value: 2, reason: .malformed, detail: "", bytes: [0])
        ]
        var classifier = EventClassifier(NotifierConfiguration(rules: [try World.rule()]), sender: nil)
        let items = batch.events.compactMap { classifier.classify($0, now: 1_790_000_000) }
        let unstorable = batch
        await #expect(throws: LedgerError.self) { try await ledger.queue(Timetable()).store(unstorable, items, now: 0) }
        #expect(try await ledger.stream.positions().map(\.position.value) == [1])
        #expect(try await ledger.desk.jobs().count == 1)
    }

    @Test(arguments: [LedgerDatabase.Access.daemon, .command], [false, true])
    func `has each commit on disk before it returns`(access: LedgerDatabase.Access, isCarriedOver: Bool) async throws {
        let directory = try TemporaryDirectory()
        if isCarriedOver { try OldLedger.copy(to: directory) }
        let ledger = try await Ledger.open(directory: directory.path, access: access)
        // 2 is FULL. With NORMAL, SQLite waits for the disk at checkpoints only.
        #expect(try await ledger.database.write { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 2)
        #expect(try await ledger.database.read { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 2)
    }

    @Test func `a thousand updates of one record leave the first sighting of it and the newest`() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await Ledger.open(directory: directory.path, access: .daemon)
        let events = try (1...1000).map { number in
            try World.event(operation: number == 1 ? .create : .update, title: "Version \(number)", rev: number)
        }
        _ = try await store(ledger, events)
        let uri = try #require(try await ledger.desk.jobs().first?.uri)
        let positions = try await ledger.desk.history(of: uri).sightings.map(\.position)
        #expect(positions.count == LedgerTransaction.maximumSightings)
        #expect(positions == [1] + ((1002 - Int64(positions.count))...1000))
        let rows = try await ledger.database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM sighting") }
        #expect(rows == positions.count)
    }

    @Test func `a thousand updates that are looked up in vain leave the latest attempts, and not all`() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await Ledger.open(directory: directory.path, access: .daemon)
        let queue = ledger.queue(Timetable())
        for number in 1...1000 {
            let event = try World.event(
                operation: number == 1 ? .create : .update,
                title: "Version \(number)",
                rev: number
            )
            _ = try await store(ledger, [event])
            let now = ManualClock().now()
            guard let request = try await queue.dueLookups(limit: 1, excluding: [], now: now).first else { continue }
            let note = Attempt(.project, outcome: "retry", detail: "\(number)")
            let failed = Resolution.failed(Verdict(31, .retry, .projectUnavailable), isGivenUp: false, note)
            _ = try await queue.resolve(request, as: failed, now: now)
        }
        let uri = try #require(try await ledger.desk.jobs().first?.uri)
        let attempts = try await ledger.desk.history(of: uri).attempts
        #expect((100...200).contains(attempts.count) && attempts.last?.detail == "1000", "\(attempts.count)")
    }

    @Test func `a read whose task is cancelled ends, and the ledger can be written`() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await Ledger.open(directory: directory.path, access: .daemon)
        let (entered, entrance) = AsyncStream.makeStream(of: Void.self)
        let isCancelled = DispatchSemaphore(value: 0)
        let reading = Task {
            try await ledger.database.read { database in
                entrance.yield()
                _ = isCancelled.wait(timeout: .now() + 20)
                return try Int.fetchOne(database, sql: "SELECT 1")
            }
        }
        for await _ in entered { break }
        reading.cancel()
        isCancelled.signal()
        #expect(try await reading.value == 1)
        try await ledger.settings.set("after", to: "written")
        #expect(try await ledger.settings["after"] == "written")
    }

    @Test func `an operator's decision is noted once, by whatever it changes`() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await Ledger.open(directory: directory.path, access: .daemon)
        _ = try await store(ledger, [try World.event(1), try World.event(2)])
        let queue = ledger.queue(Timetable())
        let requests = try await queue.dueLookups(limit: 2, excluding: [], now: 1_790_000_000)
        #expect(requests.count == 2)
        // The one job is over already, the other waits.
        for (request, admission) in zip(requests, [Admission.refused(.ownerSuppressed), .told]) {
            let findings = Resolution.Findings(references: request.references)
            let resolution = Resolution.recipients([World.owner: admission], findings, nil)
            _ = try await queue.resolve(request, as: resolution, now: 1_790_000_000)
            #expect(try await !ledger.desk.carryOut(.drop, about: request.uri, now: 1_790_000_001).isEmpty)
            let attempts = try await ledger.desk.history(of: request.uri).attempts
            #expect(attempts.filter { $0.phase == "operator" && $0.reason == .operatorDecision }.count == 1)
        }
    }

    @Test func `a second daemon on the same state is told so`() async throws {
        let directory = try TemporaryDirectory()
        let first = try await Ledger.open(directory: directory.path, access: .daemon)
        await #expect { try await Ledger.open(directory: directory.path, access: .daemon) } throws: {
            ($0 as? LedgerError)?.code == .inUse
        }
        _ = try await directory.ledger()
        _ = try await first.desk.counts()
    }

    @Test func `a directory that is not there, and a file that is no database, are errors of their own`() async throws {
        await #expect { try await Ledger.open(directory: "/nonexistent", access: .daemon) } throws: {
            ($0 as? LedgerError)?.code == .unopenable
        }
        let directory = try TemporaryDirectory()
        let descriptor = unsafe open("\(directory.path)/ledger.sqlite", O_WRONLY | O_CREAT, 0o600)
        let garbage = [UInt8](repeating: 0x41, count: 8192)
        _ = unsafe write(descriptor, garbage, garbage.count)
        close(descriptor)
        await #expect { try await Ledger.open(directory: directory.path, access: .daemon) } throws: {
            ($0 as? LedgerError)?.code == .corrupt
        }
    }

    @Test func `a ledger that cannot grow says that there is no room, and keeps what it has`() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await Ledger.open(directory: directory.path, access: .daemon)
        _ = try await store(ledger, [try World.event(1)])
        try await ledger.database.write { try $0.execute(sql: "PRAGMA max_page_count = 1") }
        let events = try (2...400).map { try World.event($0, title: String(repeating: "x", count: 900)) }
        await #expect { try await store(ledger, events) } throws: { ($0 as? LedgerError)?.code == .full }
        #expect(try await ledger.desk.jobs().count == 1)
        #expect(try await ledger.stream.positions().map(\.position.value) == [1])
    }

    @Test func `the key of the marks is a file of its own, made once, and taken from an earlier ledger`() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await Ledger.open(directory: directory.path, access: .daemon)
        let first = Base64.encode([UInt8](repeating: 7, count: 32))
        try await ledger.settings.set("marker-key", to: first)
        let key = try await ledger.database.markKey(now: 5, new: "new")
        #expect(key == MarkKey(text: first, madeAt: .distantPast))
        try await ledger.settings.set("marker-key", to: "another")
        #expect(try await ledger.database.markKey(now: 9, new: "new") == key)
        #expect(
            try FileManager.default.attributesOfItem(atPath: directory.file("marks.key"))[.posixPermissions] as? Int
                == 0o600
        )
        try directory.write("not a key\n", to: "marks.key")
        await #expect { try await ledger.marks(now: 9) } throws: { ($0 as? LedgerError)?.code == .corrupt }
    }
}
