internal import GRDB

// A request is what somebody wrote; a job is a request and one recipient; a message is written to one recipient and
// tells of one or several jobs.
//
// - `is_shown`: the request is listed by itself, because no job of its version stands for it.
// - `turn`: where a due row stands in the queue of its state; NULL while it is not due.
// - `tally`: the counts that the status shows, so that nobody has to count rows. Requests that are resolved without a
//   job are not counted.
// - `calling_off`: whose jobs are being called off, one batch at a time.
// - The number of a job that was taken back is never given to another job, because the sender may still hold it.
extension LedgerSchema {
    /// Creates the tables of the second schema beside the rows of the first, which are carried over afterwards.
    ///
    /// `elder_1` has the rows whose request has a later row, its `heir`: each request is made from its latest row.
    /// `message` keeps the unused column `withdrawal`, because dropping it would rewrite every message in one
    /// transaction.
    static let secondTables = """
        CREATE TABLE elder_1 (id INTEGER PRIMARY KEY, heir INTEGER NOT NULL);
        INSERT INTO elder_1 SELECT job.id, latest.id
            FROM (SELECT uri, max(id) AS id FROM job GROUP BY uri HAVING count(*) > 1) AS latest
            CROSS JOIN job ON job.uri = latest.uri AND job.id < latest.id;
        CREATE INDEX elder_1_heir ON elder_1 (heir);
        DROP INDEX job_name; DROP INDEX job_lookup; DROP INDEX job_due; DROP INDEX job_owner; DROP INDEX job_author;
        DROP INDEX job_delivery;
        ALTER TABLE job RENAME TO job_1;
        ALTER TABLE attempt RENAME TO attempt_1;
        ALTER TABLE delivery RENAME TO message;
        ALTER TABLE message ADD COLUMN kind TEXT NOT NULL DEFAULT 'notice';
        ALTER TABLE message ADD COLUMN reply_to TEXT;
        CREATE TABLE request (
            id INTEGER PRIMARY KEY, uri TEXT NOT NULL UNIQUE, author TEXT NOT NULL, author_name TEXT, rule TEXT NOT NULL,
            cid TEXT, rev TEXT NOT NULL, reference TEXT NOT NULL, reference_cid TEXT, record TEXT NOT NULL,
            project_name TEXT, witnessed INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT, detail TEXT,
            is_shown INTEGER NOT NULL DEFAULT 1, attempts INTEGER NOT NULL DEFAULT 0, due_at REAL NOT NULL, turn INTEGER,
            wait_until REAL, created_at REAL NOT NULL, updated_at REAL NOT NULL);
        CREATE TABLE job (
            id INTEGER PRIMARY KEY AUTOINCREMENT, request INTEGER NOT NULL REFERENCES request (id) ON DELETE CASCADE,
            owner TEXT NOT NULL, author TEXT NOT NULL, state TEXT NOT NULL, reason TEXT, detail TEXT,
            attempts INTEGER NOT NULL DEFAULT 0, sends INTEGER NOT NULL DEFAULT 0, withdrawal TEXT,
            is_in_doubt INTEGER NOT NULL DEFAULT 0, due_at REAL NOT NULL, turn INTEGER, wait_until REAL, message INTEGER REFERENCES message (id),
            created_at REAL NOT NULL, updated_at REAL NOT NULL, UNIQUE (request, owner));
        CREATE TABLE attempt (
            id INTEGER PRIMARY KEY, request INTEGER NOT NULL REFERENCES request (id) ON DELETE CASCADE, owner TEXT,
            message INTEGER, at REAL NOT NULL, phase TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT, status INTEGER,
            error TEXT, detail TEXT, next_at REAL);
        CREATE TABLE recipient (did TEXT PRIMARY KEY, follows INTEGER, asked_at REAL, ask_at REAL) WITHOUT ROWID;
        CREATE INDEX recipient_ask ON recipient (follows, ask_at) WHERE ask_at IS NOT NULL;
        CREATE TABLE calling_off (
            did TEXT NOT NULL, role TEXT NOT NULL, reason TEXT NOT NULL, witnessed INTEGER NOT NULL, request INTEGER NOT NULL,
            PRIMARY KEY (did, role)) WITHOUT ROWID;
        CREATE TABLE tally (
            kind TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL, number INTEGER NOT NULL,
            PRIMARY KEY (kind, state, reason)) WITHOUT ROWID;

        CREATE TRIGGER request_added AFTER INSERT ON request WHEN NEW.is_shown BEGIN
            INSERT INTO tally VALUES ('request', NEW.state, coalesce(NEW.reason, ''), 1)
                ON CONFLICT DO UPDATE SET number = number + 1;
        END;
        CREATE TRIGGER request_changed AFTER UPDATE OF state, reason, is_shown ON request
        WHEN OLD.state <> NEW.state OR OLD.reason IS NOT NEW.reason OR OLD.is_shown <> NEW.is_shown BEGIN
            UPDATE tally SET number = number - 1 WHERE OLD.is_shown AND kind = 'request' AND state = OLD.state
                AND reason = coalesce(OLD.reason, '');
            INSERT INTO tally SELECT 'request', NEW.state, coalesce(NEW.reason, ''), 1
                WHERE NEW.is_shown ON CONFLICT DO UPDATE SET number = number + 1;
        END;
        CREATE TRIGGER request_removed AFTER DELETE ON request BEGIN
            UPDATE tally SET number = number - 1 WHERE OLD.is_shown AND kind = 'request' AND state = OLD.state
                AND reason = coalesce(OLD.reason, '');
        END;
        CREATE TRIGGER job_added AFTER INSERT ON job BEGIN
            INSERT INTO tally VALUES ('job', NEW.state, coalesce(NEW.reason, ''), 1)
                ON CONFLICT DO UPDATE SET number = number + 1;
        END;
        CREATE TRIGGER job_changed AFTER UPDATE OF state, reason ON job
        WHEN OLD.state <> NEW.state OR OLD.reason IS NOT NEW.reason BEGIN
            UPDATE tally SET number = number - 1 WHERE kind = 'job' AND state = OLD.state
                AND reason = coalesce(OLD.reason, '');
            INSERT INTO tally VALUES ('job', NEW.state, coalesce(NEW.reason, ''), 1)
                ON CONFLICT DO UPDATE SET number = number + 1;
        END;
        CREATE TRIGGER job_removed AFTER DELETE ON job BEGIN
            UPDATE tally SET number = number - 1 WHERE kind = 'job' AND state = OLD.state
                AND reason = coalesce(OLD.reason, '');
        END;
        """

    /// The indices of the second schema, made one by one after all rows are carried over.
    static let secondIndices = [
        "message_created ON message (created_at)",
        "request_turn ON request (state, turn, due_at)",
        "request_author ON request (author, state, turn)",
        "request_wait ON request (state, reason, wait_until) WHERE wait_until IS NOT NULL",
        "request_created ON request (state, created_at)",
        "request_ended ON request (state, updated_at) WHERE is_shown",
        "request_listed ON request (state) WHERE is_shown",
        "job_created ON job (state, created_at)",
        "job_ended ON job (state, updated_at)",
        "job_due ON job (state, due_at)",
        "job_turn ON job (state, turn, due_at, request)",
        "job_listed ON job (state)",
        "job_owner ON job (owner, state, turn)",
        "job_author ON job (author, state, turn)",
        "job_waiting ON job (owner, reason) WHERE wait_until IS NOT NULL",
        "job_message ON job (message)",
        "attempt_request ON attempt (request)",
        "attempt_mention ON attempt (at) WHERE phase = 'post-mention'",
        "sighting_seen ON sighting (seen_at)",
        "gap_closed ON gap (closed_at)",
        "recipient_asked ON recipient (asked_at) WHERE ask_at IS NULL",
    ]

    /// The most rows of the first schema in one transaction; earlier rows of the same requests come on top.
    private static let batch = 1000

    /// Carries over one batch of requests with their jobs and attempts, and removes the old rows.
    ///
    /// - Parameters:
    ///   - database: in a transaction.
    ///   - cursor: the last row that was looked at; later rows are still to be carried over.
    /// - Returns: the last row of this batch, and how many rows were carried over; nil when no rows are left.
    /// - Throws: `DatabaseError`.
    static func carryOver(_ database: Database, after cursor: Int64) throws -> (cursor: Int64, rows: Int)? {
        let sql = "SELECT max(id) FROM (SELECT id FROM job_1 WHERE id > ? ORDER BY id LIMIT ?)"
        guard let last = try Int64.fetchOne(database, sql: sql, arguments: [cursor, batch]) else { return nil }
        let range: StatementArguments = ["after": cursor, "last": last]
        for statement in [requests, jobs, attempts, recipients] {
            try database.execute(sql: statement, arguments: range)
        }
        // This deletes their attempts, too.
        try database.execute(sql: "DELETE FROM job_1 WHERE id IN (SELECT id FROM (\(part)))", arguments: range)
        return (last, database.changesCount)
    }

    /// Ends the carry-over: does here whatever is left of it.
    static func endSecond(_ database: Database) throws {
        var cursor: Int64 = 0
        while let next = try carryOver(database, after: cursor) { cursor = next.cursor }
        for index in secondIndices { try database.execute(sql: "CREATE INDEX IF NOT EXISTS \(index)") }
        try database.execute(sql: "DROP TABLE attempt_1; DROP TABLE job_1; DROP TABLE elder_1")
    }

    /// The rows of a batch, and the request that each becomes.
    private static let part = """
        SELECT id, id AS request FROM job_1 WHERE id > :after AND id <= :last AND id NOT IN (SELECT id FROM elder_1)
        UNION ALL SELECT id, heir FROM elder_1 WHERE heir > :after AND heir <= :last
        """

    private static let requests = """
        INSERT INTO request (id, uri, author, author_name, rule, cid, rev, reference, reference_cid, record, project_name,
                witnessed, state, is_shown, reason, detail, attempts, due_at, wait_until, created_at, updated_at)
            SELECT id, uri, author, author_name, rule, cid, rev, reference, reference_cid, record, project_name, witnessed,
                CASE WHEN state = 'lookup' OR (state = 'deferred' AND owner IS NULL) THEN 'lookup'
                    WHEN state = 'dropped' THEN 'dropped' ELSE 'resolved' END,
                state = 'lookup' OR owner IS NULL,
                CASE WHEN state IN ('lookup', 'dropped') OR owner IS NULL THEN reason END,
                CASE WHEN state IN ('lookup', 'dropped') OR owner IS NULL THEN detail END,
                CASE WHEN state = 'lookup' OR owner IS NULL THEN attempts ELSE 0 END, due_at, wait_until, created_at, updated_at
            FROM job_1 WHERE id > :after AND id <= :last AND id NOT IN (SELECT id FROM elder_1) ORDER BY id
        """

    // A job that is `sending` without a message is a public mention, and its `sends` count posts.
    private static let jobs = """
        INSERT INTO job (id, request, owner, author, state, reason, detail, attempts, sends, withdrawal, is_in_doubt, due_at,
                wait_until, message, created_at, updated_at)
            SELECT id, request, owner, author, state, reason, detail, attempts, sends, withdrawal, is_in_doubt,
                CASE WHEN state = 'deferred' AND (wait_until < due_at OR reason IN \(follow)) THEN wait_until ELSE due_at END,
                wait_until, CASE WHEN state <> 'dropped' OR is_in_doubt THEN delivery END, created_at, updated_at
            FROM (SELECT job_1.id, request, job_1.owner, job_1.author,
                    CASE WHEN job_1.state = 'sending' AND delivery IS NULL THEN 'posting' ELSE job_1.state END AS state,
                    job_1.reason, job_1.detail, job_1.attempts,
                    CASE WHEN delivery IS NOT NULL OR job_1.sends > 0 AND EXISTS (SELECT 1 FROM attempt_1
                        WHERE attempt_1.job = job_1.id AND attempt_1.delivery IS NOT NULL) THEN job_1.sends ELSE 0 END AS sends,
                    job_1.withdrawal,
                    job_1.state IN ('sending', 'verify', 'uncertain') AND (delivery IS NOT NULL OR job_1.sends > 0)
                        OR job_1.state = 'dropped' AND coalesce(message.state = 'uncertain', 0) AS is_in_doubt,
                    job_1.due_at, job_1.wait_until, delivery, job_1.created_at, job_1.updated_at
                FROM (\(part)) AS part CROSS JOIN job_1 ON job_1.id = part.id LEFT JOIN message ON message.id = delivery
                WHERE job_1.owner IS NOT NULL AND job_1.state <> 'lookup')
        """

    // Attempts from before the recipient was certain belong to the request alone.
    private static let attempts = """
        INSERT INTO attempt
            SELECT attempt_1.id, request, CASE WHEN job_1.state <> 'lookup' THEN job_1.owner END, message.id, at, phase, outcome,
                attempt_1.reason, status, error, attempt_1.detail, next_at
            FROM (\(part)) AS part CROSS JOIN job_1 ON job_1.id = part.id CROSS JOIN attempt_1 ON attempt_1.job = job_1.id
            LEFT JOIN message ON message.id = attempt_1.delivery
        """

    private static let follow = "('owner-does-not-follow', 'owner-not-following', 'relationship-unknown')"

    // Each person whose follow is waited for has one row, however many jobs wait for it.
    private static let recipients = """
        INSERT INTO recipient (did, follows, ask_at)
            SELECT owner, CASE WHEN max(reason = 'relationship-unknown') = 0 THEN 0 END, min(due_at)
            FROM (\(part)) AS part CROSS JOIN job_1 ON job_1.id = part.id
            WHERE owner IS NOT NULL AND state = 'deferred' AND reason IN \(follow) GROUP BY owner
            ON CONFLICT DO UPDATE SET ask_at = min(ask_at, excluded.ask_at), follows = follows + excluded.follows
        """
}
