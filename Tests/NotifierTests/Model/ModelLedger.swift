import ATProtocol
import GRDB
import GRDBSQLite
import Network
import TestSupport

@testable import LedgerStorage
@testable import Notifier

/// A real ledger in memory that can be set back to where it stood before.
///
/// What is saved are the rows, written and read by SQLite itself. The counts that triggers keep are made anew with the rows;
/// that they are right is checked after each step, before anything is set back.
struct ModelLedger: Sendable {
    let ledger: Ledger
    let queue: JobQueue
    private let saving: String
    private let loading: [String]

    /// In the order in which rows can be inserted.
    private static let tables = [
        "request", "message", "job", "attempt", "conversation", "suppression", "recipient", "sighting", "opening",
        "setting",
    ]

    init() throws {
        var configuration = Configuration()
        // Nothing observes this ledger, and what GRDB learns of each statement to that end takes half of the time.
        configuration.prepareDatabase { unsafe sqlite3_set_authorizer($0.sqliteConnection, nil, nil) }
        let memory = try DatabaseQueue(configuration: configuration)
        try LedgerSchema.migrator.migrate(memory)
        let columns = try memory.read { database in
            try Self.tables.map { try database.columns(in: $0).map(\.name).filter { $0 != "jobs" } }
        }
        let rows = zip(Self.tables, columns).map { table, columns in
            "(SELECT json_group_array(json_array(\(columns.joined(separator: ",")))) FROM \(table))"
        }
        saving = "SELECT \(rows.joined(separator: ","))"
        loading = zip(Self.tables, columns).map { table, columns in
            let values = columns.indices.map { "value->>\($0)" }.joined(separator: ",")
            return "INSERT INTO \(table) (\(columns.joined(separator: ","))) SELECT \(values) FROM json_each(?)"
        }
        ledger = Ledger(database: LedgerDatabase(path: ":memory:", queue: memory))
        queue = ledger.queue(Timetable())
    }

    /// The rows of every table.
    func save() async throws -> [String] {
        try await ledger.database.read { [saving] database in
            guard let row = try Row.fetchOne(database.cachedStatement(sql: saving)) else { return [] }
            return Self.tables.indices.map { row[$0] }
        }
    }

    func load(_ rows: [String]) async throws {
        try await ledger.database.write { [loading] database in
            for table in [
                "job", "attempt", "message", "request", "conversation", "suppression", "recipient", "tally", "sighting",
                "opening", "setting",
            ] {
                try database.cachedStatement(sql: "DELETE FROM \(table)").execute()
            }
            for (statement, rows) in zip(loading, rows) {
                try database.cachedStatement(sql: statement).execute(arguments: [rows])
            }
        }
    }
}

/// What the check must know of the ledger's rows.
struct ModelView: Sendable {
    struct Request: Sendable {
        let id: Int64
        let number: Int
        let state: RequestMachine.State
        let reason: Reason?
        let cid: String
    }
    struct Job: Sendable {
        let id: Int64
        let request: Int
        let owner: DID
        let state: JobState
        let reason: Reason?
        let withdrawal: Reason?
        let message: Int64?
    }
    struct Message: Sendable {
        let id: Int64
        let owner: DID
        let state: MessageMachine.State
        let reason: Reason?
        let reference: String
    }

    var requests: [Request] = []
    var jobs: [Job] = []
    var messages: [Message] = []
    var suppressed: Set<DID> = []
    /// The fingerprint of the settings by which what waits was looked at last; empty while that is under way.
    var reviewed: String?

    /// Whether what waits is still to be looked at by these settings.
    func owesReview(by settings: ModelWorld.Settings) -> Bool { reviewed != ModelWorld.fingerprints[settings] }
}

extension ModelLedger {
    /// Everything that decides what may happen from here on, without times and row ids.
    func fingerprint(_ state: ModelState) async throws -> String {
        let held = state.sending?.candidate.jobs.map { "\($0.id)" } ?? []
        let looking = state.looking.map { "[\($0.request.request),\"\($0.request.rev)\"]" }
        let arguments: StatementArguments = [
            state.now, state.world.counted, "[\(held.joined(separator: ","))]", "[\(looking.joined(separator: ","))]",
        ]
        return try await ledger.database.read { database in
            try String.fetchOne(database.cachedStatement(sql: ModelSQL.fingerprint), arguments: arguments) ?? ""
        }
    }

    /// What must never be seen in the rows.
    func faults() async throws -> [String] {
        try await ledger.database.read { try String.fetchAll($0.cachedStatement(sql: ModelSQL.faults)) }
    }

    /// Looks at all rows.
    func view() async throws -> ModelView {
        try await ledger.database.read { database in
            var view = ModelView()
            for row in try Row.fetchAll(
                database.cachedStatement(sql: "SELECT id, uri, state, reason, cid FROM request ORDER BY uri")
            ) {
                let uri: String = row["uri"]
                view.requests.append(
                    .init(
                        id: row["id"],
                        number: Int(uri.suffix(1)) ?? -1,
                        state: try row.value("state"),
                        reason: row.reason("reason"),
                        cid: row["cid"]
                    )
                )
            }
            let jobs = """
                SELECT job.id, uri, owner, job.state, job.reason, withdrawal, message FROM job
                JOIN request ON request.id = job.request ORDER BY job.id
                """
            for row in try Row.fetchAll(database.cachedStatement(sql: jobs)) {
                let uri: String = row["uri"]
                view.jobs.append(
                    .init(
                        id: row["id"],
                        request: Int(uri.suffix(1)) ?? -1,
                        owner: try DID(row["owner"]),
                        state: try row.value("state"),
                        reason: row.reason("reason"),
                        withdrawal: row.reason("withdrawal"),
                        message: row["message"]
                    )
                )
            }
            for row in try Row.fetchAll(
                database.cachedStatement(sql: "SELECT id, owner, state, reason, marker FROM message")
            ) {
                view.messages.append(
                    .init(
                        id: row["id"],
                        owner: try DID(row["owner"]),
                        state: try row.value("state"),
                        reason: row.reason("reason"),
                        reference: row["marker"]
                    )
                )
            }
            view.suppressed = Set(
                try String.fetchAll(database.cachedStatement(sql: "SELECT did FROM suppression")).map { try DID($0) }
            )
            view.reviewed = try database.setting(SettingsReview.name)
            return view
        }
    }
}

/// Questions to the whole ledger.
enum ModelSQL {
    /// ?1 is now, ?2 for how long what was sent counts, ?3 the jobs that the sender holds, ?4 the requests that are looked up.
    static let fingerprint = """
        SELECT json_array(
            (SELECT json_group_array(json_array(uri, state, reason, is_shadow, cid, reference, min(attempts, 3), wait_until IS NULL,
                state = 'lookup' AND due_at > ?1)) FROM (SELECT * FROM request ORDER BY uri)),
            (SELECT json_group_array(json_array(request, owner, state, reason, withdrawal, is_in_doubt, sends,
                wait_until IS NULL, turn IS NULL,
                state IN ('queued', 'deferred') AND due_at > ?1,
                (SELECT count(*) FROM message WHERE message.id < job.message)))
                FROM (SELECT * FROM job ORDER BY turn, request, owner) AS job),
            (SELECT json_group_array(json_array(owner, state, reason, sends, maximum_sends, marker, message, baseline,
                state = 'verify' AND due_at > ?1)) FROM (SELECT * FROM message
                WHERE state IN ('sending', 'verify', 'uncertain') OR id IN (SELECT message FROM job) ORDER BY id)),
            (SELECT json_group_array(json_array(request, owner, n)) FROM (SELECT attempt.request, attempt.owner,
                min(baseline) AS n FROM attempt JOIN message ON message.id = attempt.message
                WHERE outcome = 'verify' GROUP BY 1, 2)),
            (SELECT json_group_array(json_array(request, owner, reason, n)) FROM (SELECT request, owner, reason,
                min(count(*), 2) AS n FROM attempt WHERE reason IN ('did-not-found', 'recipient-not-found',
                'conversation-not-found') GROUP BY 1, 2, 3)),
            (SELECT json_group_array(json_array(request, owner, outcome)) FROM (SELECT DISTINCT request, owner, outcome
                FROM attempt WHERE phase = 'post-mention')),
            (SELECT json_group_array(json_array(did, reason)) FROM (SELECT * FROM suppression ORDER BY did)),
            (SELECT json_group_array(json_array(did, follows)) FROM (SELECT * FROM recipient
                WHERE asked_at >= ?1 - 3600 ORDER BY did)),
            (SELECT json_group_array(json_array(request, owner)) FROM (SELECT request, owner, due_at FROM job
                WHERE state IN ('queued', 'deferred') AND due_at > ?1
                UNION ALL SELECT 'message', owner, due_at FROM message WHERE state = 'verify' AND due_at > ?1
                ORDER BY due_at, 1, 2)),
            (SELECT json_group_array(json_array(author, owner)) FROM (SELECT author, owner FROM message
                WHERE sends > 0 AND sent_at > ?1 - ?2 UNION ALL SELECT author, NULL FROM opening WHERE sent_at > ?1 - ?2
                ORDER BY 1, 2)),
            (SELECT value FROM setting WHERE name = 'settings-in-force'),
            (SELECT json_group_array((SELECT request || owner FROM job WHERE id = value)) FROM json_each(?3)),
            (SELECT json_group_array(EXISTS (SELECT 1 FROM request WHERE id = value->>0 AND rev = value->>1))
                FROM json_each(?4)))
        """

    /// One line for each thing that is wrong in the rows.
    static let faults = """
        SELECT 'a request that is ' || state || ' is shown, or not' FROM request
            WHERE is_shown <> (state = 'lookup') AND state <> 'dropped'
        UNION ALL SELECT 'nothing is shown of a request' FROM request
            WHERE NOT is_shown AND NOT EXISTS (SELECT 1 FROM job WHERE request = request.id)
        UNION ALL SELECT 'the tally of jobs is wrong' FROM (
            SELECT * FROM (SELECT state, coalesce(reason, ''), count(*) FROM job GROUP BY 1, 2
                EXCEPT SELECT state, reason, number FROM tally WHERE kind = 'job')
            UNION ALL SELECT * FROM (SELECT state, reason, number FROM tally WHERE kind = 'job' AND number <> 0
                EXCEPT SELECT state, coalesce(reason, ''), count(*) FROM job GROUP BY 1, 2))
        UNION ALL SELECT 'the tally of requests is wrong' FROM (
            SELECT * FROM (SELECT state, coalesce(reason, ''), count(*) FROM request WHERE is_shown GROUP BY 1, 2
                EXCEPT SELECT state, reason, number FROM tally WHERE kind = 'request')
            UNION ALL SELECT * FROM (SELECT state, reason, number FROM tally WHERE kind = 'request' AND number <> 0
                EXCEPT SELECT state, coalesce(reason, ''), count(*) FROM request WHERE is_shown GROUP BY 1, 2))
        UNION ALL SELECT 'a job waits while its request is ' || request.state FROM job JOIN request ON request.id = job.request
            WHERE request.state <> 'resolved' AND job.state IN ('queued', 'deferred')
        UNION ALL SELECT 'a dropped request has a job under way without withdrawal' FROM job
            JOIN request ON request.id = job.request WHERE request.state = 'dropped' AND withdrawal IS NULL
                AND job.state IN ('sending', 'verify', 'posting')
        UNION ALL SELECT 'a job is ' || state || ' without a reason' FROM job
            WHERE state IN ('dropped', 'deferred', 'uncertain') AND reason IS NULL
        UNION ALL SELECT 'a request is dropped without a reason' FROM request WHERE state = 'dropped' AND reason IS NULL
        UNION ALL SELECT 'a job is ' || job.state || ' while its message is ' || coalesce(message.state, 'none') FROM job
            LEFT JOIN message ON message.id = job.message
            WHERE job.state IN ('sending', 'verify', 'uncertain') AND message.state IS NOT job.state
        UNION ALL SELECT 'a job is delivered by a message that is ' || message.state FROM job
            JOIN message ON message.id = job.message WHERE job.state = 'delivered' AND message.state <> 'delivered'
        UNION ALL SELECT 'a message is under way and nobody sends it' FROM message WHERE state = 'sending'
        UNION ALL SELECT 'a message in doubt speaks of no job' FROM message WHERE state IN ('verify', 'uncertain')
            AND NOT EXISTS (SELECT 1 FROM job WHERE job.message = message.id)
        UNION ALL SELECT 'a job waits for ever' FROM job WHERE state = 'deferred' AND wait_until IS NULL
        UNION ALL SELECT 'a job that waits for a follow is due before its end' FROM job WHERE state = 'deferred'
            AND reason IN ('owner-not-following', 'owner-does-not-follow', 'relationship-unknown') AND due_at < wait_until
        """
}

extension ModelLedger {
    /// When something that is not due yet is due for the sender.
    func nextDue(after now: UnixTime) async throws -> UnixTime? {
        try await ledger.database.read { database in
            try UnixTime.fetchOne(
                database.cachedStatement(
                    sql: """
                        SELECT min(due_at) FROM (SELECT due_at FROM job WHERE state IN ('queued', 'deferred')
                            UNION ALL SELECT due_at FROM message WHERE state = 'verify') WHERE due_at > ?
                        """
                ),
                arguments: [now]
            )
        }
    }

    /// How many messages have left, or may have, in so many seconds, of those that share a column with one of them.
    func sent(like message: Int64, _ column: String, within window: Int, now: UnixTime) async throws -> Int {
        try await ledger.database.read { database in
            try Int.fetchOne(
                database.cachedStatement(
                    sql: """
                        SELECT count(*) FROM message WHERE sends > 0 AND sent_at > ? - ?
                            AND \(column) = (SELECT \(column) FROM message WHERE id = ?)
                        """
                ),
                arguments: [now, window, message]
            ) ?? 0
        }
    }

    /// When the next conversation is to be read.
    func nextDoubt() async throws -> UnixTime? {
        try await ledger.database.read { database in
            try UnixTime.fetchOne(
                database.cachedStatement(sql: "SELECT min(due_at) FROM message WHERE state = 'verify'")
            )
        }
    }
}
