import ATProtocol
import Backfill
import Firehose
import GRDB
import Network
import Sandbox
import Synchronization
import TestSupport
import Testing

@testable import LedgerStorage
@testable import Notifier

@Suite struct `A ledger of the version before` {
    private static let start: UnixTime = 1_790_000_000

    private func opened(_ directory: TemporaryDirectory) async throws -> Ledger {
        try await Ledger.open(directory: directory.path, access: .daemon)
    }

    /// Rows as lines: times since the start of the fixture, `-` for nothing.
    private func lines(_ sql: String, _ ledger: Ledger) async throws -> [String] {
        try await ledger.database.read { database in
            try Row.fetchAll(database, sql: sql).map { row in
                row.map { _, value in
                    switch value.storage {
                    case .double(let time): "\(Int(time - Self.start.seconds))"
                    case .null: "-"
                    default: "\(String.fromDatabaseValue(value) ?? "\(value)")"
                    }
                }.joined(separator: " ")
            }
        }
    }

    @Test func `is carried over row by row`() async throws {
        let directory = try TemporaryDirectory()
        try OldLedger.copy(to: directory)
        let ledger = try await opened(directory)
        let requests = try await lines(
            "SELECT id, state, reason, is_shown, attempts, due_at, wait_until, created_at, updated_at FROM request ORDER BY id",
            ledger
        )
        #expect(requests == Carried.requests)
        let jobs = try await lines(
            """
            SELECT id, request, substr(owner, 9, 6), state, reason, attempts, sends, withdrawal, is_in_doubt, due_at,
                wait_until, message, created_at, updated_at FROM job ORDER BY id
            """,
            ledger
        )
        #expect(jobs == Carried.jobs)
        let messages = try await lines(
            """
            SELECT id, substr(owner, 9, 6), kind, state, reason, marker, baseline, sends, maximum_sends, attempts, due_at,
                sent_at, message_id FROM message ORDER BY id
            """,
            ledger
        )
        #expect(messages == Carried.messages)
        let attempts = try await lines(
            "SELECT id, request, substr(owner, 9, 6), message, at, phase, outcome, reason, status, next_at FROM attempt ORDER BY id",
            ledger
        )
        #expect(attempts == Carried.attempts)
    }

    @Test func `keeps what the tables say that stay as they are`() async throws {
        let directory = try TemporaryDirectory()
        try OldLedger.copy(to: directory)
        let kept = ["gap", "position", "quarantine", "setting", "sighting", "suppression"]
        func rows() throws -> [String] {
            try OldLedger.rows(in: directory).filter { row in kept.contains { row.hasPrefix("\($0) ") } }
        }
        let before = try rows()
        #expect(before.count > 30)
        _ = try await opened(directory)
        // A table may have new columns behind its old ones.
        let after = try rows()
        #expect(after.count == before.count && zip(after, before).allSatisfy { $0.hasPrefix($1.dropLast()) })
    }

    @Test func `tells the collections of its requests`() async throws {
        let directory = try TemporaryDirectory()
        try OldLedger.generate(rows: 30, in: directory)
        try await OldLedger.open(directory).write { database in
            try database.execute(
                sql: "UPDATE job SET uri = replace(uri, 'change.request', 'other') WHERE id IN (1, 5, 10)"
            )
        }
        let knowledge = try await opened(directory).stream.sweepKnowledge()
        let seen = knowledge.collections.map(\.text)
        #expect(seen == ["com.example.change.request", "com.example.other"])
        let authors = knowledge.authors
        #expect(Set(authors.keys.map(\.text)) == Set(seen) && authors.values.allSatisfy { !$0.isEmpty })
    }

    @Test func `reads to an operator as it did`() async throws {
        let directory = try TemporaryDirectory()
        try OldLedger.copy(to: directory)
        let desk = try await opened(directory).desk
        let counts: [JobState: Int] = [
            .lookup: 5, .queued: 3, .deferred: 5, .sending: 1, .posting: 1, .verify: 4, .delivered: 2, .uncertain: 1,
            .dropped: 4,
        ]
        #expect(try await desk.counts() == counts)
        for state in JobState.allCases {
            #expect(try await desk.jobs(in: state).count == counts[state] ?? 0, "\(state)")
        }
        #expect(try await desk.jobs().map(\.request) == (1...26).reversed())
        #expect(try await desk.oldestPending() == Self.start)
        let inactive = try #require(try await desk.jobs(about: try uri(9)).first)
        #expect((inactive.state, inactive.reason) == (.deferred, .repositoryInactive))
        #expect(inactive.waitUntil == Self.start + 2_592_000)
        let failed = try #require(try await desk.jobs(about: try uri(2)).first)
        #expect((failed.state, failed.reason, failed.attempts) == (.lookup, .identityUnavailable, 1))
        #expect(failed.authorName == "author.test")
        #expect(failed.record["title"]?.string == "Please mend the door")
        let taken = try await desk.history(of: try uri(20))
        #expect(taken.sightings.map(\.operation) == ["create"])
        #expect(taken.jobs.map(\.state) == [.queued])
        #expect(taken.attempts.map(\.phase) == ["send-message", "read-messages"])
        #expect(taken.attempts.map(\.outcome) == ["verify", "not found"])
        #expect(taken.messages.map(\.reference) == ["ref-20"])
        #expect(try await desk.history(of: try uri(16)).sightings.map(\.operation) == ["create", "delete"])
        #expect(try await desk.history(of: try uri(21)).attempts.map(\.outcome) == ["defer", "delivered"])
    }

    @Test func `sends nothing twice: what is in doubt is looked for first`() async throws {
        let directory = try TemporaryDirectory()
        try OldLedger.copy(to: directory)
        let ledger = try await opened(directory)
        let queue = ledger.queue(Timetable())
        let now = Self.start + 1_000
        #expect(try await queue.recover(now: now) == 1)
        let later = now + 1_000
        // Whoever has a message in doubt gets no other one.
        var turns: [DID] = []
        while let next = try await queue.nextCandidate(NotifierConfiguration(rules: []), now: later) {
            turns.append(next.owner)
            if next.owner == owner("u") { #expect(next.earlierSends == 1) }
            _ = try await queue.apply(.calledOff(.operatorDecision), to: next.jobs.map(\.id), now: later)
        }
        #expect(Set(turns) == [owner("e"), owner("u")])
        var verified: [String] = []
        while let message = try await queue.nextVerification(now: later) {
            verified.append(message.reference)
            if message.reference == "ref-17" {
                #expect(message.members.map(\.withdrawal) == [nil, .recordDeleted, nil])
            }
            _ = try await queue.apply(.found, to: message.id, now: later)
        }
        #expect(verified.sorted() == ["ref-10", "ref-11", "ref-17"])
        let uncertain = try #require(try await ledger.desk.carryOut(.retry, about: try uri(13), now: later).first)
        #expect(uncertain.state == .verify)
    }

    @Test func `goes on with a mention that was under way`() async throws {
        let directory = try TemporaryDirectory()
        try OldLedger.copy(to: directory)
        let queue = try await opened(directory).queue(Timetable())
        var mentions = NotifierConfiguration(rules: []).mentions
        mentions.owners = [owner("w"), owner("x")]
        try await queue.recoverMentions(of: mentions.owners, now: Self.start + 1_000)
        let policy = AdmissionPolicy(try World.configuration(), sender: World.sender)
        guard case .post(let job) = try await queue.nextMention(mentions, policy: policy, now: Self.start + 1_000)
        else {
            Issue.record("nobody is mentioned")
            return
        }
        #expect((job.id, job.owner) == (22, owner("w")))
    }

    @Test func `counts in its tally what is there`() async throws {
        let directory = try TemporaryDirectory()
        try OldLedger.generate(rows: 2_500, in: directory)
        let ledger = try await opened(directory)
        let tally = try await lines("SELECT * FROM tally WHERE number > 0 ORDER BY kind, state, reason", ledger)
        let counted = try await lines(
            """
            SELECT 'job', state, coalesce(reason, ''), count(*) FROM job GROUP BY state, reason
            UNION ALL SELECT 'request', state, coalesce(reason, ''), count(*) FROM request WHERE is_shown
                GROUP BY state, reason ORDER BY 1, 2, 3
            """,
            ledger
        )
        #expect(tally == counted)
        let misshown = try await lines(
            "SELECT id FROM request WHERE is_shown = EXISTS (SELECT 1 FROM job WHERE job.id = request.id)",
            ledger
        )
        #expect(misshown.isEmpty)
    }

    @Test func `becomes a request of the latest of several rows, with the jobs of all`() async throws {
        let directory = try TemporaryDirectory()
        try OldLedger.generate(rows: 2_500, in: directory)
        try await OldLedger.open(directory).write {
            try $0.execute(sql: "UPDATE job SET uri = 'at://did:plc:a/c/r' WHERE id IN (1, 2400)")
        }
        let uris = try await OldLedger.open(directory).read {
            try Int.fetchOne($0, sql: "SELECT count(DISTINCT uri) FROM job") ?? 0
        }
        #expect(uris == 2_251)
        let ledger = try await opened(directory)
        #expect(try await lines("SELECT count(*) FROM request", ledger) == ["\(uris)"])
        #expect(
            try await lines("SELECT id, rev FROM request WHERE uri = 'at://did:plc:a/c/r'", ledger) == [
                "2400 32400"
            ]
        )
        #expect(try await lines("SELECT id FROM job WHERE request = 2400 ORDER BY id", ledger) == ["1", "2400"])
        let orphans =
            "SELECT id FROM attempt WHERE owner IS NOT NULL AND owner NOT IN (SELECT owner FROM job WHERE request = attempt.request)"
        #expect(try await lines(orphans, ledger) == [])
    }

    @Test func `has the schema of a new one, and is whole`() async throws {
        let (old, new) = (try TemporaryDirectory(), try TemporaryDirectory())
        try OldLedger.generate(rows: 1_200, in: old)
        _ = try await opened(old)
        _ = try await opened(new)
        #expect(try OldLedger.schema(in: old) == OldLedger.schema(in: new))
        let problems = try await OldLedger.open(old).read { database in
            try Row.fetchAll(database, sql: "PRAGMA foreign_key_check").map(\.description)
                + String.fetchAll(database, sql: "PRAGMA integrity_check")
        }
        #expect(problems == ["ok"])
    }

    @Test func `goes on where it was interrupted`() async throws {
        let undisturbed = try TemporaryDirectory()
        try OldLedger.generate(rows: 2_200, in: undisturbed)
        _ = try await opened(undisturbed)
        // Before anything, between batches, between indices, and when all is done but said.
        for step in [1, 2, 3, 5, 13, 27] {
            let disturbed = try TemporaryDirectory()
            try OldLedger.generate(rows: 2_200, in: disturbed)
            let count = Mutex(0)
            await #expect(throws: LedgerError.self) {
                try await Ledger.open(directory: disturbed.path, access: .daemon) { _ in
                    let number = count.withLock { count in
                        count += 1
                        return count
                    }
                    if number == step { throw CancellationError() }
                }
            }
            // Once more at the next opportunity, by a command this time.
            _ = try? await Ledger.open(directory: disturbed.path, access: .command) { news in
                if case .carried = news { throw CancellationError() }
            }
            _ = try await opened(disturbed)
            #expect(try OldLedger.rows(in: disturbed) == OldLedger.rows(in: undisturbed), "step \(step)")
            #expect(try OldLedger.schema(in: disturbed) == OldLedger.schema(in: undisturbed), "step \(step)")
        }
    }

    @Test func `stays as it is when whoever opens it is cancelled`() async throws {
        let directory = try TemporaryDirectory()
        try OldLedger.generate(rows: 1_200, in: directory)
        let opening = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            _ = try await Ledger.open(directory: directory.path, access: .daemon)
        }
        await #expect { try await opening.value } throws: { ($0 as? LedgerError)?.code == .cancelled }
        #expect(try await OldLedger.open(directory).read { try LedgerSchema.migrator.appliedMigrations($0) } == ["1"])
    }

    @Test func `tells how far it is`() async throws {
        let directory = try TemporaryDirectory()
        try OldLedger.generate(rows: 2_500, in: directory)
        let news = Mutex<[LedgerCarryOver.Progress]>([])
        let open = {
            try await Ledger.open(directory: directory.path, access: .command) { step in
                news.withLock { if $0.last != step { $0.append(step) } }
            }
        }
        _ = try await open()
        let told = news.withLock(\.self)
        #expect(told.first == .begun(rows: 2_500))
        #expect(told.suffix(2) == [.carried(2_500, of: 2_500), .finished])
        let steps = told.compactMap { if case .carried(let done, of: 2_500) = $0 { done } else { nil } }
        #expect(steps == steps.sorted() && steps.count == 3)
        _ = try await open()
        #expect(news.withLock(\.count) == told.count, "there is nothing to tell the second time")
    }

    @Test func `is left to the daemon that holds it`() async throws {
        let directory = try TemporaryDirectory()
        try OldLedger.copy(to: directory)
        let lock = try LedgerLock(path: LedgerDatabase.lockPath(in: directory.path), holder: 1)
        await #expect { try await directory.ledger() } throws: {
            ($0 as? LedgerError)?.code == .busy
        }
        withExtendedLifetime(lock) {}
    }

    @Test func `is carried over to the end once there is room again`() async throws {
        let ample = try TemporaryDirectory()
        try OldLedger.generate(rows: 2_200, in: ample)
        _ = try await opened(ample)
        // The room ends with the new tables, after a batch, and with the indices.
        for (step, left) in [(1, nil), (2, 1_200), (5, 0)] {
            let short = try TemporaryDirectory()
            try OldLedger.generate(rows: 2_200, in: short)
            let queue = try OldLedger.open(short)
            let count = Mutex(0)
            let carryOver = LedgerCarryOver(queue: queue) { _ in
                let number = count.withLock { count in
                    count += 1
                    return count
                }
                guard number == step else { return }
                try queue.writeWithoutTransaction { database in
                    // Somebody else's file takes what is free.
                    let free = try Int.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0
                    try database.execute(sql: "CREATE TABLE filler AS SELECT zeroblob(\(free * 4096)) AS bytes")
                    let size = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
                    try database.execute(sql: "PRAGMA max_page_count = \(size)")
                }
            }
            #expect { try carryOver.run() } throws: { LedgerError($0, path: short.path, writer: nil).code == .full }
            let rows = try await queue.read { database in
                try database.tableExists("job_1") ? Int.fetchOne(database, sql: "SELECT count(*) FROM job_1") : nil
            }
            #expect(rows == left, "step \(step)")
            try await queue.write { try $0.execute(sql: "DROP TABLE filler") }
            try queue.close()
            _ = try await opened(short)
            #expect(try OldLedger.rows(in: short) == OldLedger.rows(in: ample), "step \(step)")
        }
    }

    @Test func `of the second schema goes on with its rows, none of which was seen in shadow mode`() async throws {
        let directory = try TemporaryDirectory()
        try OldLedger.copy(to: directory)
        try LedgerSchema.migrator.migrate(try OldLedger.open(directory), upTo: LedgerSchema.second)
        let desk = try await opened(directory).desk
        #expect(try await desk.jobs().count == 26)
        #expect(try await desk.jobs().allSatisfy { !$0.isShadow })
    }

    @Test func `and every other one name the version that wrote it`() async throws {
        let directory = try TemporaryDirectory()
        try OldLedger.copy(to: directory)
        func writer() throws -> String? { try OldLedger.open(directory).read { try $0.setting("written-by") } }
        do { _ = try await Ledger.open(directory: directory.path, access: .command, version: "0.2.0") }
        #expect(try writer() == "0.2.0", "whoever carries it over signs it")
        do { _ = try await Ledger.open(directory: directory.path, access: .command, version: "0.2.1") }
        #expect(try writer() == "0.2.0", "other commands do not")
        do { _ = try await Ledger.open(directory: directory.path, access: .daemon, version: "0.3.0") }
        #expect(try writer() == "0.3.0")
        try await OldLedger.open(directory).write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99')") }
        for access in [LedgerDatabase.Access.daemon, .command] {
            await #expect {
                try await Ledger.open(directory: directory.path, access: access, version: "0.2.0")
            } throws: { error in
                guard let error = error as? LedgerError, error.code == .tooNew else { return false }
                return error.description.contains("was written by impact-notifier 0.3.0")
                    && error.description.hasSuffix("install that version or a newer one")
            }
        }
        try await OldLedger.open(directory).write { try $0.execute(sql: "DROP TABLE setting") }
        await #expect { try await Ledger.open(directory: directory.path, access: .daemon) } throws: {
            ($0 as? LedgerError)?.description.contains("was written by a newer version") == true
        }
    }

    @Test func `and every other one name that version when they are damaged, too`() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await Ledger.open(directory: directory.path, access: .daemon, version: "0.3.0")
        await #expect {
            try await ledger.database.read { _ in throw LedgerError(.corrupt, path: "ledger.sqlite", detail: "cut") }
        } throws: {
            ($0 as? LedgerError)?.description.contains("damaged (cut, written by impact-notifier 0.3.0)") == true
        }
    }

    private func owner(_ letter: String) -> DID { World.did("owner\(letter)") }

    private func uri(_ number: Int) throws -> ATURI { try #require(try World.event(number).recordURI) }
}
