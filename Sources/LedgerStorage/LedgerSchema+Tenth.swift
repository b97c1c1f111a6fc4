// - `job.role`: what the recipient is to the project.
// - `job.confirmed_by`: whose record says so; NULL for owners.
// - `job.confirmed_as`: the version of that record, by its CID. For a subscription: the subjects, separated by spaces,
//   of which it must name one.
// - `thread`: the records on the way from the request to the project, the nearest first, separated by spaces.
// - `subscriber`: people whose repositories are read for subscription records, and when next. `changes` counts what the
//   stream told since. `claim` is the record that it told last. `useful_at` is when somebody was last to be told for
//   such a record; 0 for never.
// - `subscriber_count`: how many subscribers there are.
// - `subscription`: what their repositories said. One row for each thing subscribed to, with the only collections that
//   they want to hear about, separated by spaces.
// - `revoked`: records that confirmed a job and that the stream has changed since, each with its CID now; NULL for a
//   deleted one.
// - `message.to_stranger`: marks answers to people who never got a notice.
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
