// `job.role` says what its recipient is to the project, `confirmed_by` whose record says so (nil of owners), `confirmed_as` in
// which version, by its CID; of a subscription, to which of these, with spaces between, it must be. `thread` has the records on
// the way from the request to the project, the nearest first, with spaces between. `subscriber` has whose repositories are read
// for records by which people ask to be told, and when next; `changes` counts what the stream told of since, and `claim` is the
// record that it told of last, and `useful_at` when somebody was last to be told for it: 0 for never. `subscriber_count` has how
// many there are. `subscription` has what their repositories said: a row for each thing that is subscribed to, and
// the collections of which alone they want to hear, with spaces between. `revoked` has the records that confirmed a job and of
// which the stream told since, with the CID that each has now: NULL of one that is gone. `message.to_stranger` marks answers to
// who was never sent a notice.
extension LedgerSchema {
    static let tenthTables = """
        ALTER TABLE job ADD COLUMN role TEXT NOT NULL DEFAULT 'owner';
        ALTER TABLE job ADD COLUMN confirmed_by TEXT;
        ALTER TABLE job ADD COLUMN confirmed_as TEXT;
        ALTER TABLE job ADD COLUMN thread TEXT;
        ALTER TABLE message ADD COLUMN to_stranger INTEGER;
        CREATE INDEX message_stranger ON message (created_at) WHERE to_stranger;
        CREATE INDEX job_confirmed ON job (confirmed_by) WHERE confirmed_by IS NOT NULL;
        CREATE TABLE revoked (uri TEXT PRIMARY KEY, at REAL NOT NULL, cid TEXT) WITHOUT ROWID;
        CREATE INDEX revoked_at ON revoked (at);
        CREATE TABLE subscriber (
            did TEXT NOT NULL, collection TEXT NOT NULL, due_at REAL NOT NULL, asked_at REAL, attempts INTEGER NOT NULL DEFAULT 0,
            changes INTEGER NOT NULL DEFAULT 0, claim TEXT, added_at REAL NOT NULL DEFAULT 0, useful_at REAL NOT NULL DEFAULT 0,
            PRIMARY KEY (did, collection)) WITHOUT ROWID;
        CREATE INDEX subscriber_due ON subscriber (due_at);
        CREATE INDEX subscriber_useful ON subscriber (useful_at, added_at);
        CREATE TABLE subscriber_count (number INTEGER NOT NULL);
        INSERT INTO subscriber_count VALUES (0);
        CREATE TRIGGER subscriber_added AFTER INSERT ON subscriber BEGIN
            UPDATE subscriber_count SET number = number + 1;
        END;
        CREATE TRIGGER subscriber_gone AFTER DELETE ON subscriber BEGIN
            UPDATE subscriber_count SET number = number - 1;
        END;
        CREATE TABLE subscription (
            uri TEXT NOT NULL, subject TEXT NOT NULL, did TEXT NOT NULL, collection TEXT NOT NULL, wanted TEXT,
            PRIMARY KEY (uri, subject)) WITHOUT ROWID;
        CREATE INDEX subscription_subject ON subscription (subject, uri);
        CREATE INDEX subscription_did ON subscription (did, collection);
        """
}
