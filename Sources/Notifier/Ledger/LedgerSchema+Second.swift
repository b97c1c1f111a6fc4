extension LedgerSchema {
    // A request is what somebody wrote; a job is a request and one recipient; a message is written to one recipient and speaks
    // of several jobs. `turn` is where a due row stands in the queue of its state, nil while it is not due; `tally` counts what
    // the status shows, so that nobody has to count rows. The number of a job that was taken back is given to none that follows:
    // the sender may still hold it.
    static let second = """
        ALTER TABLE job RENAME TO job_1;
        ALTER TABLE attempt RENAME TO attempt_1;
        ALTER TABLE delivery RENAME TO message;
        DROP INDEX job_name; DROP INDEX job_lookup; DROP INDEX job_due; DROP INDEX job_owner; DROP INDEX job_author;
        DROP INDEX attempt_job; DROP INDEX delivery_open;
        CREATE TABLE request (
            id INTEGER PRIMARY KEY, uri TEXT NOT NULL UNIQUE, author TEXT NOT NULL, author_name TEXT, rule TEXT NOT NULL,
            cid TEXT, rev TEXT NOT NULL, reference TEXT NOT NULL, reference_cid TEXT, record TEXT NOT NULL,
            project_name TEXT, witnessed INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT, detail TEXT,
            jobs INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0, due_at REAL NOT NULL, turn INTEGER,
            wait_until REAL, created_at REAL NOT NULL, updated_at REAL NOT NULL);
        CREATE TABLE job (
            id INTEGER PRIMARY KEY AUTOINCREMENT, request INTEGER NOT NULL REFERENCES request (id) ON DELETE CASCADE,
            owner TEXT NOT NULL, author TEXT NOT NULL, state TEXT NOT NULL, reason TEXT, detail TEXT,
            attempts INTEGER NOT NULL DEFAULT 0, sends INTEGER NOT NULL DEFAULT 0, withdrawal TEXT, is_in_doubt INTEGER NOT NULL DEFAULT 0,
            due_at REAL NOT NULL, turn INTEGER, wait_until REAL, message INTEGER REFERENCES message (id),
            created_at REAL NOT NULL, updated_at REAL NOT NULL, UNIQUE (request, owner));
        CREATE TABLE attempt (
            id INTEGER PRIMARY KEY, request INTEGER NOT NULL REFERENCES request (id) ON DELETE CASCADE, owner TEXT,
            message INTEGER, at REAL NOT NULL, phase TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT, status INTEGER,
            error TEXT, detail TEXT, next_at REAL);
        CREATE TABLE tally (
            kind TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL, number INTEGER NOT NULL,
            PRIMARY KEY (kind, state, reason)) WITHOUT ROWID;

        CREATE TRIGGER request_added AFTER INSERT ON request BEGIN
            INSERT INTO tally SELECT 'request', NEW.state, coalesce(NEW.reason, ''), 1 WHERE NEW.jobs = 0
                ON CONFLICT DO UPDATE SET number = number + 1;
        END;
        CREATE TRIGGER request_changed AFTER UPDATE OF state, reason, jobs ON request BEGIN
            UPDATE tally SET number = number - 1 WHERE OLD.jobs = 0 AND kind = 'request' AND state = OLD.state
                AND reason = coalesce(OLD.reason, '');
            INSERT INTO tally SELECT 'request', NEW.state, coalesce(NEW.reason, ''), 1 WHERE NEW.jobs = 0
                ON CONFLICT DO UPDATE SET number = number + 1;
        END;
        CREATE TRIGGER request_removed AFTER DELETE ON request BEGIN
            UPDATE tally SET number = number - 1 WHERE OLD.jobs = 0 AND kind = 'request' AND state = OLD.state
                AND reason = coalesce(OLD.reason, '');
        END;
        CREATE TRIGGER job_added AFTER INSERT ON job BEGIN
            INSERT INTO tally VALUES ('job', NEW.state, coalesce(NEW.reason, ''), 1)
                ON CONFLICT DO UPDATE SET number = number + 1;
            UPDATE request SET jobs = jobs + 1 WHERE id = NEW.request;
        END;
        CREATE TRIGGER job_changed AFTER UPDATE OF state, reason ON job BEGIN
            UPDATE tally SET number = number - 1 WHERE kind = 'job' AND state = OLD.state
                AND reason = coalesce(OLD.reason, '');
            INSERT INTO tally VALUES ('job', NEW.state, coalesce(NEW.reason, ''), 1)
                ON CONFLICT DO UPDATE SET number = number + 1;
        END;
        CREATE TRIGGER job_removed AFTER DELETE ON job BEGIN
            UPDATE tally SET number = number - 1 WHERE kind = 'job' AND state = OLD.state
                AND reason = coalesce(OLD.reason, '');
            UPDATE request SET jobs = jobs - 1 WHERE id = OLD.request;
        END;

        INSERT INTO request (id, uri, author, author_name, rule, cid, rev, reference, reference_cid, record, project_name,
                witnessed, state, reason, detail, attempts, due_at, wait_until, created_at, updated_at)
            SELECT max(id), uri, author, author_name, rule, cid, rev, reference, reference_cid, record, project_name,
                witnessed,
                CASE WHEN state = 'lookup' OR (state = 'deferred' AND owner IS NULL) THEN 'lookup'
                    WHEN state = 'dropped' THEN 'dropped' ELSE 'resolved' END,
                CASE WHEN state IN ('lookup', 'dropped') OR owner IS NULL THEN reason END,
                CASE WHEN state IN ('lookup', 'dropped') OR owner IS NULL THEN detail END,
                CASE WHEN state = 'lookup' THEN attempts ELSE 0 END, due_at, wait_until, created_at, updated_at
            FROM job_1 GROUP BY uri;
        INSERT INTO job (id, request, owner, author, state, reason, detail, attempts, withdrawal, is_in_doubt, due_at,
                wait_until, message, created_at, updated_at)
            SELECT job_1.id, request.id, job_1.owner, job_1.author,
                CASE WHEN job_1.state = 'sending' AND delivery IS NULL THEN 'posting' ELSE job_1.state END,
                job_1.reason, job_1.detail, job_1.attempts, job_1.withdrawal,
                job_1.state IN ('sending', 'verify', 'uncertain') AND (delivery IS NOT NULL OR job_1.sends > 0)
                    OR job_1.state = 'dropped' AND coalesce(message.state = 'uncertain', 0),
                job_1.due_at, job_1.wait_until, delivery, job_1.created_at, job_1.updated_at
            FROM job_1 JOIN request ON request.uri = job_1.uri LEFT JOIN message ON message.id = delivery
            WHERE job_1.owner IS NOT NULL AND job_1.state <> 'lookup';
        INSERT INTO attempt SELECT attempt_1.id, request.id, job_1.owner, delivery_of.id, at, phase, outcome,
                attempt_1.reason, status, error, attempt_1.detail, next_at
            FROM attempt_1 JOIN job_1 ON job_1.id = attempt_1.job JOIN request ON request.uri = job_1.uri
            LEFT JOIN message AS delivery_of ON delivery_of.id = attempt_1.delivery;
        DROP TABLE attempt_1;
        DROP TABLE job_1;

        ALTER TABLE message DROP COLUMN withdrawal;
        ALTER TABLE message ADD COLUMN kind TEXT NOT NULL DEFAULT 'notice';
        ALTER TABLE message ADD COLUMN reply_to TEXT;
        CREATE INDEX message_open ON message (owner, state);
        CREATE INDEX message_created ON message (created_at);
        CREATE INDEX request_due ON request (state, due_at);
        CREATE INDEX request_turn ON request (state, turn, id);
        CREATE INDEX request_author ON request (author, state, turn);
        CREATE INDEX request_wait ON request (state, wait_until);
        CREATE INDEX request_created ON request (state, created_at);
        CREATE INDEX request_updated ON request (state, updated_at);
        CREATE INDEX job_created ON job (state, created_at);
        CREATE INDEX sighting_seen ON sighting (seen_at);
        CREATE INDEX request_listed ON request (state, jobs, id);
        CREATE INDEX job_due ON job (state, due_at);
        CREATE INDEX job_turn ON job (state, turn, id);
        CREATE INDEX job_listed ON job (state, id);
        CREATE INDEX job_wait ON job (state, wait_until);
        CREATE INDEX job_owner ON job (owner, state, turn, id);
        CREATE INDEX job_author ON job (author, state, turn);
        CREATE INDEX job_message ON job (message);
        CREATE INDEX attempt_request ON attempt (request);
        CREATE INDEX attempt_mention ON attempt (at) WHERE phase = 'post-mention';
        CREATE TABLE recipient (did TEXT PRIMARY KEY, follows INTEGER, asked_at REAL, ask_at REAL) WITHOUT ROWID;
        CREATE INDEX recipient_ask ON recipient (follows, ask_at) WHERE ask_at IS NOT NULL;
        INSERT INTO recipient (did, follows, ask_at)
            SELECT owner, CASE WHEN max(reason = 'relationship-unknown') = 0 THEN 0 END, min(due_at) FROM job
            WHERE state = 'deferred' AND reason IN ('owner-does-not-follow', 'owner-not-following', 'relationship-unknown')
            GROUP BY owner;
        UPDATE job SET due_at = wait_until WHERE state = 'deferred' AND (wait_until < due_at
            OR reason IN ('owner-does-not-follow', 'owner-not-following', 'relationship-unknown'));
        """
}
