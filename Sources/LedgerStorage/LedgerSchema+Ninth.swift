// - `heard`: the last message that each person wrote to the sender, by the revision that the chat service gave it. So
//   no message is acted on twice, however often it is read.
// - `message.kind`, `message.reply_to`: what the message is, and what it answers. An answer has a row (`queued`) before
//   its turn comes.
// - `preference`: how a recipient's wishes differ from the configuration. `digest` is the least time between two
//   messages, in seconds.
// - `project`: the projects that a recipient was to be told about, each with its latest name, and until when the
//   recipient has muted it; NULL when not muted.
// - `forgotten`: people who were forgotten and must not be written to, as hashes with the ledger's own salt (the
//   setting `forgotten-salt`).
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
