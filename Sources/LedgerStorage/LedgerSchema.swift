internal import GRDB

/// The tables of the ledger.
///
/// A released migration is never changed; a new one follows it.
enum LedgerSchema {
    /// The names of the migrations, in order; rows are carried over between the two of the second schema.
    static let first = "1"
    static let secondBegun = "2 begun"
    static let second = "2"
    private static let later = [
        ("3", thirdTables), ("4", fourthTables), ("5", fifthTables), ("6", sixthTables), ("7", seventhTables),
        ("8", eighthTables), ("9", ninthTables), ("10", tenthTables), ("11", eleventhTables),
        ("12", twelfthTables),
    ]

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration(first) { try $0.execute(sql: firstTables) }
        // Foreign keys are checked at once, so that no check is needed at the end.
        migrator.registerMigration(secondBegun, foreignKeyChecks: .immediate) { try $0.execute(sql: secondTables) }
        migrator.registerMigration(second, foreignKeyChecks: .immediate) { try endSecond($0) }
        for (name, tables) in later {
            migrator.registerMigration(name, foreignKeyChecks: .immediate) { try $0.execute(sql: tables) }
        }
        return migrator
    }

    // Times are seconds since the Unix epoch; `witnessed` is microseconds, as in the streams. A job without an owner is
    // one whose owner is still being looked up; there is at most one for each change request.
    static let firstTables = """
        CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE position (
            host TEXT NOT NULL, wire TEXT NOT NULL, value INTEGER NOT NULL, witnessed INTEGER NOT NULL,
            evidence BLOB NOT NULL, saved_at REAL NOT NULL, PRIMARY KEY (host, wire)) WITHOUT ROWID;
        CREATE TABLE gap (
            id INTEGER PRIMARY KEY, host TEXT NOT NULL, wire TEXT NOT NULL, from_witnessed INTEGER NOT NULL,
            until_witnessed INTEGER NOT NULL, reason TEXT NOT NULL, noticed_at REAL NOT NULL, closed_at REAL);
        CREATE TABLE quarantine (
            id INTEGER PRIMARY KEY, host TEXT NOT NULL, wire TEXT NOT NULL, position INTEGER, reason TEXT NOT NULL,
            detail TEXT NOT NULL, bytes BLOB NOT NULL, noticed_at REAL NOT NULL);
        CREATE TABLE sighting (
            id INTEGER PRIMARY KEY, uri TEXT NOT NULL, operation TEXT NOT NULL, cid TEXT, rev TEXT NOT NULL,
            host TEXT NOT NULL, wire TEXT NOT NULL, position INTEGER NOT NULL, witnessed INTEGER NOT NULL,
            seen_at REAL NOT NULL);
        CREATE INDEX sighting_uri ON sighting (uri);
        CREATE TABLE job (
            id INTEGER PRIMARY KEY, uri TEXT NOT NULL, owner TEXT, author TEXT NOT NULL, author_name TEXT, rule TEXT NOT NULL,
            cid TEXT, rev TEXT NOT NULL, reference TEXT NOT NULL, reference_cid TEXT, record TEXT NOT NULL,
            project_name TEXT, witnessed INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT,
            detail TEXT, attempts INTEGER NOT NULL DEFAULT 0, sends INTEGER NOT NULL DEFAULT 0, withdrawal TEXT,
            due_at REAL NOT NULL, wait_until REAL, delivery INTEGER REFERENCES delivery (id),
            created_at REAL NOT NULL, updated_at REAL NOT NULL);
        CREATE UNIQUE INDEX job_name ON job (uri, owner);
        CREATE UNIQUE INDEX job_lookup ON job (uri) WHERE owner IS NULL;
        CREATE INDEX job_due ON job (state, due_at);
        CREATE INDEX job_owner ON job (owner, state);
        CREATE INDEX job_author ON job (author, state);
        CREATE INDEX job_delivery ON job (delivery);
        CREATE TABLE delivery (
            id INTEGER PRIMARY KEY, owner TEXT NOT NULL, author TEXT NOT NULL, state TEXT NOT NULL, reason TEXT,
            withdrawal TEXT, marker TEXT NOT NULL, message TEXT NOT NULL, conversation TEXT NOT NULL,
            baseline TEXT NOT NULL, sends INTEGER NOT NULL, maximum_sends INTEGER NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0, due_at REAL NOT NULL, created_at REAL NOT NULL, sent_at REAL NOT NULL,
            message_id TEXT, message_rev TEXT);
        CREATE INDEX delivery_due ON delivery (state, due_at);
        CREATE INDEX delivery_owner ON delivery (owner, sent_at);
        CREATE INDEX delivery_open ON delivery (owner, state);
        CREATE INDEX delivery_author ON delivery (author, sent_at);
        CREATE INDEX delivery_sent ON delivery (sent_at);
        CREATE TABLE attempt (
            id INTEGER PRIMARY KEY, job INTEGER NOT NULL REFERENCES job (id) ON DELETE CASCADE,
            delivery INTEGER, at REAL NOT NULL,
            phase TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT, status INTEGER, error TEXT, detail TEXT,
            next_at REAL);
        CREATE INDEX attempt_job ON attempt (job);
        CREATE TABLE conversation (
            id TEXT PRIMARY KEY, owner TEXT NOT NULL UNIQUE, rev TEXT NOT NULL, opened_at REAL NOT NULL) WITHOUT ROWID;
        CREATE TABLE suppression (
            did TEXT PRIMARY KEY, reason TEXT NOT NULL, note TEXT NOT NULL, added_at REAL NOT NULL) WITHOUT ROWID;
        """
}
