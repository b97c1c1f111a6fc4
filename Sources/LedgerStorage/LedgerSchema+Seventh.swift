// A gap is closed after two sweeps.
//
// - `gap.swept_at`: when the first sweep was done.
// - `gap.tried`: for how many seconds we waited for those who did not answer; `gap.unanswered` says who they are.
// - `round`: the round that is under way. It asks all authors once, for all open gaps up to `gap`.
// - `answer`: who has answered in the round.
// - `writer`: who wrote to a collection, and when a request of theirs was last seen. Sweeps ask them whatever the
//   directories say.
// - `followed`: since when a rule follows a collection, in microseconds; 0 for those followed before this schema.
extension LedgerSchema {
    static let seventhTables = """
        ALTER TABLE gap ADD COLUMN swept_at REAL;
        ALTER TABLE gap ADD COLUMN tried REAL NOT NULL DEFAULT 0;
        ALTER TABLE gap ADD COLUMN unanswered TEXT;
        CREATE INDEX gap_open ON gap (id) WHERE closed_at IS NULL;
        CREATE TABLE round (
            id INTEGER PRIMARY KEY AUTOINCREMENT, gap INTEGER NOT NULL, from_witnessed INTEGER NOT NULL,
            until_witnessed INTEGER NOT NULL, started_at REAL NOT NULL);
        CREATE TABLE answer (
            round INTEGER NOT NULL, author TEXT NOT NULL, collection TEXT NOT NULL, PRIMARY KEY (round, author, collection))
            WITHOUT ROWID;
        CREATE TABLE writer (
            collection TEXT NOT NULL, author TEXT NOT NULL, seen_at REAL NOT NULL, PRIMARY KEY (collection, author))
            WITHOUT ROWID;
        CREATE INDEX writer_seen ON writer (seen_at);
        INSERT INTO writer (collection, author, seen_at)
            SELECT substr(path, 1, instr(path, '/') - 1), author, max(updated_at)
            FROM (SELECT substr(place, 1, instr(place, '/') - 1) AS author, substr(place, instr(place, '/') + 1) AS path, updated_at
                FROM (SELECT substr(uri, 6) AS place, updated_at FROM request))
            WHERE instr(path, '/') > 1 GROUP BY 1, 2;
        CREATE TABLE followed (
            rule TEXT NOT NULL, pattern TEXT NOT NULL, since INTEGER NOT NULL, PRIMARY KEY (rule, pattern)) WITHOUT ROWID;
        """
}
