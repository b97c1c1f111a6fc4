import FoundationEssentials
import GRDB
import Sandbox

@testable import LedgerStorage
@testable import Notifier

/// Ledgers of the first schema, and what is in a ledger.
enum OldLedger {
    /// Lays a ledger into a directory that the version before wrote, with jobs in every state (Fixtures/ledger-1.sql).
    static func copy(to directory: TemporaryDirectory) throws {
        let fixture = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/ledger-1.sql")
        let dump = String(decoding: try Data(contentsOf: fixture), as: UTF8.self)
        // Tables come in the order of their names: references point to what is not there yet.
        try open(directory).writeWithoutTransaction { try $0.execute(sql: "PRAGMA foreign_keys = OFF; \(dump)") }
    }

    /// Lays a larger one there: every state, jobs without attempts and with several, requests with several rows.
    static func generate(rows: Int, in directory: TemporaryDirectory) throws {
        let sql = """
            \(LedgerSchema.firstTables)
            CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
            INSERT INTO grdb_migrations VALUES ('1');
            CREATE TEMPORARY TABLE number AS WITH RECURSIVE number (n) AS
                (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < \(rows))
                SELECT n, CASE n % 10 WHEN 0 THEN n - 9 ELSE n END AS first FROM number;
            INSERT INTO delivery (id, owner, author, state, marker, message, conversation, baseline, sends, maximum_sends,
                    due_at, created_at, sent_at)
                SELECT n, 'did:plc:owner' || (n % 97), 'did:plc:author' || (n % 13),
                    CASE n % 3 WHEN 0 THEN 'verify' WHEN 1 THEN 'uncertain' ELSE 'delivered' END,
                    'ref-' || n, '{}', 'convo', '2', 1, 2, n, n, n
                FROM number WHERE n % 4 = 0;
            -- Of every ten rows the last is a later one of the first one's request.
            INSERT INTO job (id, uri, owner, author, rule, cid, rev, reference, record, witnessed, state, reason, attempts,
                    sends, due_at, wait_until, delivery, created_at, updated_at)
                SELECT n, 'at://did:plc:author' || (first % 13) || '/com.example.change.request/' || first,
                    CASE WHEN n % 4 = 0 OR n % 5 < 3 THEN 'did:plc:owner' || (n % 97) END, 'did:plc:author' || (n % 13), 'issues',
                    'cid', '3' || n, 'did:plc:owner' || (n % 97), '{"title": "' || printf('%.*c', 900, 'x') || '"}', n,
                    CASE WHEN n % 4 = 0 THEN CASE n % 3 WHEN 0 THEN 'verify' WHEN 1 THEN 'uncertain' ELSE 'delivered' END
                        WHEN n % 5 < 2 THEN 'queued' WHEN n % 5 = 2 THEN 'deferred' WHEN n % 5 = 3 THEN 'lookup'
                        ELSE 'dropped' END,
                    CASE WHEN n % 5 = 2 THEN 'owner-not-following' WHEN n % 5 = 4 THEN 'project-not-found' END,
                    n % 2, n % 4 = 0, n, CASE WHEN n % 5 = 2 THEN n + 9 END, CASE WHEN n % 4 = 0 THEN n END, n, n
                FROM number;
            INSERT INTO attempt (job, delivery, at, phase, outcome) SELECT n, NULL, n, 'identity', 'retry' FROM number WHERE n % 3 = 0;
            INSERT INTO attempt (job, delivery, at, phase, outcome)
                SELECT n, CASE WHEN n % 4 = 0 THEN n END, n, 'send-message', 'verify' FROM number WHERE n % 2 = 0;
            INSERT INTO sighting (uri, operation, rev, host, wire, position, witnessed, seen_at)
                SELECT uri, 'create', rev, 'h', 'relay', id, id, id FROM job;
            """
        try open(directory).writeWithoutTransaction { try $0.execute(sql: sql) }
    }

    /// Every table, index and trigger of a ledger, without the way in which it was written down.
    static func schema(in directory: TemporaryDirectory) throws -> [String] {
        try open(directory).read { database in
            try String.fetchAll(
                database,
                sql: "SELECT name || ': ' || coalesce(sql, '') FROM sqlite_master ORDER BY name"
            )
            .map { $0.split { $0.isWhitespace || $0 == "\"" }.joined(separator: " ") }
        }
    }

    /// Every row of a ledger, table by table.
    static func rows(in directory: TemporaryDirectory) throws -> [String] {
        try open(directory).read { database in
            let tables = try String.fetchAll(
                database,
                sql: "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
            )
            return try tables.flatMap { table in
                try Row.fetchAll(database, sql: "SELECT * FROM \(table) ORDER BY 1").map { "\(table) \($0)" }
            }
        }
    }

    static func open(_ directory: TemporaryDirectory) throws -> DatabaseQueue {
        try .beside("\(directory.path)/ledger.sqlite")
    }
}

extension DatabaseQueue {
    /// A ledger's file, beside whoever has it open, or is still closing it.
    static func beside(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.busyMode = .timeout(60)
        // Nobody pulls the plug on what a test lays there.
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous=OFF") }
        return try DatabaseQueue(path: path, configuration: configuration)
    }
}
