import ATProtocol
import FoundationEssentials
import GRDB
import Network
import Synchronization

@testable import LedgerStorage
@testable import Notifier

/// A ledger with as many rows as a bot gathers in years, laid there by SQL.
///
/// A fifth of what waits is one recipient's, and a fifth one author's.
struct GrownLedger: Sendable {
    /// How much is in it.
    struct Size: Sendable {
        /// Requests with their jobs, messages, attempts and sightings, delivered or dropped in the last ninety days.
        var finished = 0
        /// Requests that are looked up, jobs that are queued, and jobs that wait, so many each.
        var each = 0
        /// Jobs that wait for follows, each for that of another recipient.
        var owners = 0
    }

    static let busyOwner = did("busyowner", 0)
    static let busyAuthor = did("busyauthor", 0)
    static let mentioned = did("mentioned", 0)

    let ledger: Ledger
    let queue: JobQueue
    let database: DatabaseQueue
    /// The moment at which everything in it is due that is.
    let now: UnixTime
    /// Every statement that was run, as it was written.
    let statements: Statements

    /// What was run on one connection.
    final class Statements: Sendable {
        let all = Mutex<Set<String>>([])
    }

    /// Opens a ledger with the pragmas of the daemon, but for the waits for the disk.
    init(in directory: String, now: UnixTime) throws {
        var configuration = Configuration()
        configuration.journalMode = .wal
        let statements = Statements()
        self.statements = statements
        configuration.busyMode = .timeout(60)
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA synchronous=OFF")
            database.trace { event in
                guard case .statement(let statement) = event else { return }
                _ = statements.all.withLock { $0.insert(statement.sql) }
            }
        }
        let path = "\(directory)/ledger.sqlite"
        database = try DatabaseQueue(path: path, configuration: configuration)
        ledger = Ledger(database: LedgerDatabase(path: path, queue: database))
        queue = ledger.queue(Timetable())
        self.now = now
    }

    /// The account of this number.
    static func did(_ kind: String, _ number: Int) -> DID {
        var (letters, rest) = ("", number)
        repeat {
            letters = String(Array("abcdefghijklmnopqrstuvwxyz")[rest % 26]) + letters
            rest /= 26
        } while rest > 0
        return World.did("\(kind)2\(letters)2")
    }

    /// Makes a ledger of this size; what it has already stays.
    static func fill(_ directory: String, _ size: Size, now: UnixTime) async throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        do { _ = try await Ledger.open(directory: directory, access: .daemon) }
        let queue = try DatabaseQueue.beside("\(directory)/ledger.sqlite")
        let name = DatabaseFunction("did", argumentCount: 2, pure: true) { values in
            guard let kind = String.fromDatabaseValue(values[0]), let number = Int.fromDatabaseValue(values[1]) else {
                return nil
            }
            return did(kind, number).text
        }
        try await queue.writeWithoutTransaction { database in
            database.add(function: name)
            for pragma in ["synchronous = OFF", "cache_size = -262144", "foreign_keys = OFF", "temp_store = MEMORY"] {
                try database.execute(sql: "PRAGMA \(pragma)")
            }
            // Rows are counted, and found, when all are there.
            let later = try Row.fetchAll(
                database,
                sql: """
                    SELECT type, name, sql FROM sqlite_master WHERE type = 'trigger'
                        OR type = 'index' AND sql IS NOT NULL AND tbl_name <> 'gap'
                    """
            )
            for row in later {
                try database.execute(sql: "DROP \(row["type"] as String) \(row["name"] as String)")
            }
            try database.inTransaction {
                let first = try Int.fetchOne(database, sql: "SELECT coalesce(max(id), 0) FROM request") ?? 0
                try database.execute(sql: rows(size, after: first, now: now.seconds))
                return .commit
            }
            for row in later { try database.execute(sql: row["sql"]) }
            try database.execute(
                sql: """
                    DELETE FROM tally;
                    INSERT INTO tally SELECT 'job', state, coalesce(reason, ''), count(*) FROM job GROUP BY 2, 3;
                    INSERT INTO tally SELECT 'request', state, coalesce(reason, ''), count(*) FROM request WHERE is_shown
                        GROUP BY 2, 3;
                    """
            )
            _ = try database.checkpoint(.truncate)
        }
        try queue.close()
    }

    private static func rows(_ size: Size, after first: Int, now: Double) -> String {
        let ends = [size.finished, size.each, size.each, size.each, size.owners].reduce(into: [0]) {
            $0.append($0[$0.count - 1] + $1)
        }
        return """
            CREATE TEMPORARY TABLE row AS WITH RECURSIVE number (n) AS
                (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < \(ends[5]))
                SELECT n + \(first) + 1 AS id, kind,
                    CASE WHEN kind = 'owner' THEN did('waiting', n) WHEN kind = 'deferred' AND n % 5 = 3 THEN '\(mentioned)'
                        WHEN kind <> 'finished' AND n % 5 = 1 THEN '\(busyOwner)' ELSE did('owner', n % 3001) END AS owner,
                    CASE WHEN kind <> 'finished' AND n % 5 = 2 THEN '\(busyAuthor)' ELSE did('author', n * 7 % 5003) END
                        AS author,
                    CASE WHEN kind = 'finished' THEN \(now) - 86400 * 90.0 * (\(ends[1]) - n) / \(max(1, ends[1]))
                        ELSE \(now) - 3600.0 + n * 0.001 END AS at,
                    CASE WHEN kind = 'finished' AND n % 10 < 6 THEN 'delivered' WHEN kind = 'finished' THEN 'dropped'
                        WHEN kind = 'queued' THEN 'queued' WHEN kind <> 'lookup' THEN 'deferred' END AS state,
                    CASE WHEN kind = 'finished' AND n % 10 > 5 THEN 'owner-not-allowed' WHEN kind = 'owner'
                        THEN 'owner-not-following' WHEN kind = 'deferred' THEN CASE n % 5 WHEN 0 THEN 'owner-disabled-messages'
                        ELSE 'owner-not-following' END END AS reason, n
                FROM (SELECT n, CASE WHEN n < \(ends[1]) THEN 'finished' WHEN n < \(ends[2]) THEN 'lookup'
                    WHEN n < \(ends[3]) THEN 'queued' WHEN n < \(ends[4]) THEN 'deferred' ELSE 'owner' END AS kind
                    FROM number WHERE \(ends[5]) > 0);
            INSERT INTO request (id, uri, author, rule, cid, rev, reference, record, project_name, witnessed, state, reason, is_shown,
                    due_at, turn, wait_until, created_at, updated_at)
                SELECT id, 'at://' || author || '/com.example.change.request/k' || id, author, 'issues', 'cid',
                    printf('3%012d', id), 'at://' || owner || '/com.example.project/p1',
                    '{"title": "Request ' || id || '", "body": "' || printf('%.*c', 450, 'x') || '"}', 'Engine', at * 1000000,
                    CASE WHEN kind = 'lookup' THEN 'lookup' WHEN kind = 'finished' AND n % 10 = 9 THEN 'dropped'
                        ELSE 'resolved' END,
                    CASE WHEN kind = 'finished' AND n % 10 = 9 THEN reason END,
                    kind = 'lookup' OR (kind = 'finished' AND n % 10 = 9), at,
                    CASE WHEN kind = 'lookup' THEN row_number() OVER (PARTITION BY kind, author ORDER BY id) END,
                    CASE WHEN state = 'deferred' THEN \(now) + 86400 * 20.0 + n END, at, at
                FROM row ORDER BY id;
            INSERT INTO message (id, owner, author, state, marker, message, conversation, baseline, sends, maximum_sends, due_at,
                    created_at, sent_at)
                SELECT id, owner, author, 'delivered', 'ref-' || id, '{"text": "' || printf('%.*c', 420, 'm') || '"}',
                    'convo-' || owner, '2', 1, 2, at, at, at FROM row WHERE state = 'delivered' ORDER BY id;
            INSERT OR IGNORE INTO conversation SELECT owner, conversation, created_at, created_at, NULL FROM message;
            INSERT INTO job (id, request, owner, author, state, reason, sends, due_at, turn, wait_until, message, queued_at,
                    created_at, updated_at)
                SELECT id, id, owner, author, state, reason, state = 'delivered',
                    CASE WHEN state = 'deferred' THEN \(now) + 86400 * 20.0 + n ELSE at END,
                    CASE WHEN kind = 'queued' THEN row_number() OVER (PARTITION BY kind, author ORDER BY id) END,
                    CASE WHEN state = 'deferred' THEN \(now) + 86400 * 20.0 + n END, CASE WHEN state = 'delivered' THEN id END,
                    CASE WHEN state = 'queued' THEN at END, at, at
                FROM row WHERE state IS NOT NULL AND NOT (kind = 'finished' AND n % 10 = 9) ORDER BY id;
            INSERT INTO attempt (request, owner, message, at, phase, outcome)
                SELECT id, owner, CASE WHEN state = 'delivered' THEN id END, at,
                    CASE WHEN state = 'delivered' THEN 'send-message' ELSE 'input' END, coalesce(state, 'retry')
                FROM row ORDER BY id;
            INSERT INTO sighting (uri, operation, cid, rev, host, wire, position, witnessed, seen_at)
                SELECT uri, 'create', cid, rev, 'stream.test', 'jetstream2', id, witnessed, created_at FROM request
                WHERE id > \(first) ORDER BY id;
            -- A third is due to be asked after.
            INSERT OR IGNORE INTO recipient (did, follows, asked_at, ask_at)
                SELECT owner, 0, \(now) - 600, \(now) - 300.0 + n % 900 FROM row WHERE state = 'deferred';
            DROP TABLE row;
            """
    }

    /// The statements that look at every row of a table that grows.
    func scans() throws -> [String] {
        // The latest rows, in the order of an index.
        let meant = ["ORDER BY id DESC LIMIT ?", "FROM writer ORDER BY seen_at DESC LIMIT ?"]
        return try database.read { database in
            try statements.all.withLock(\.self).sorted().filter { sql in
                guard sql.contains(/^(SELECT|UPDATE|DELETE|INSERT)/), !meant.contains(where: sql.contains) else {
                    return false
                }
                let statement = try database.makeStatement(sql: "EXPLAIN QUERY PLAN \(sql)")
                statement.setUncheckedArguments(StatementArguments())
                return try Row.fetchAll(statement).contains { row in
                    (row["detail"] as String).contains(
                        #/
                        SCAN\ (request|job|message|attempt|sighting|recipient|gap|conversation
                            |writer|opening|heard|subscription)\b
                        /#
                    )
                }
            }.map { "looks at every row: \($0)" }
        }
    }
}
