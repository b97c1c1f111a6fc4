// - `opening`: conversations that could not be opened because the recipient refused, by the `author` whose request it
//   was; counted for the limits.
// - `burst`: authors who wrote more requests at once than `policy.author_burst` allowed then (`number`), and when the
//   stream saw the last one, by the stream's time.
// - `job.queued_at`: since when the job is queued or its message is being sent. NULL otherwise, and for jobs queued
//   before this schema.
// - `request.authority`: the DID or handle in the request's first reference. Look-ups take turns by it. NULL for
//   requests from before this schema.
// - `first_turn`: the turn of a request whose author had no other one in look-up.
extension LedgerSchema {
    static let fifthTables = """
        ALTER TABLE job ADD COLUMN queued_at REAL;
        ALTER TABLE request ADD COLUMN authority TEXT;
        ALTER TABLE request ADD COLUMN first_turn INTEGER;
        CREATE INDEX request_authority ON request (authority, first_turn) WHERE turn IS NOT NULL;
        CREATE INDEX job_queued ON job (queued_at) WHERE queued_at IS NOT NULL;
        CREATE TABLE opening (id INTEGER PRIMARY KEY, author TEXT NOT NULL, sent_at REAL NOT NULL);
        CREATE INDEX opening_sent ON opening (sent_at);
        CREATE INDEX opening_author ON opening (author, sent_at);
        CREATE TABLE burst (author TEXT PRIMARY KEY, number INTEGER NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
        CREATE INDEX burst_at ON burst (at);
        """
}
