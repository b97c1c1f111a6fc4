// `heard` has the last of what each person wrote to the sender, by the revision that the chat service gave it: nothing is
// heeded twice, however often it is read. An answer is a row of `message` before it is its turn (`queued`), with its `kind`, and
// in `reply_to` what it answers.
// `preference` has what a recipient wants otherwise than the configuration says; `digest` is the least time between two messages,
// in seconds. `project` has the projects that a recipient was to be told of, by the name that each had last, and until when
// they have muted it: NULL for one that they have not. `forgotten` has who was forgotten and is not to be written to, as a hash
// with the ledger's own salt (the setting `forgotten-salt`).
extension LedgerSchema {
    static let ninthTables = """
        CREATE TABLE heard (owner TEXT PRIMARY KEY, rev TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
        CREATE INDEX heard_at ON heard (at);
        CREATE TABLE preference (
            owner TEXT PRIMARY KEY, digest REAL, hourly INTEGER, daily INTEGER, mention INTEGER, changed_at REAL NOT NULL)
            WITHOUT ROWID;
        CREATE INDEX preference_mention ON preference (mention) WHERE mention IS NOT NULL;
        CREATE TABLE project (
            owner TEXT NOT NULL, uri TEXT NOT NULL, name TEXT, seen_at REAL NOT NULL, muted_until REAL,
            PRIMARY KEY (owner, uri)) WITHOUT ROWID;
        CREATE TABLE forgotten (hash TEXT PRIMARY KEY, reason TEXT NOT NULL, added_at REAL NOT NULL) WITHOUT ROWID;
        CREATE INDEX project_seen ON project (seen_at);
        INSERT INTO project (owner, uri, name, seen_at)
            SELECT owner, project, project_name, max(updated_at) FROM job WHERE project IS NOT NULL GROUP BY owner, project;
        """
}
