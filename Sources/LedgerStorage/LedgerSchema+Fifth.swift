// `opening` has the conversations that could not be opened because their recipient refused, as `author` asked for, for the limits.
// `burst` has the authors who wrote more requests at once than `policy.author_burst` was then (`number`), and when the stream
// saw the last of them, by its time.
// `job.queued_at` says since when it is queued, or its message under way; nil otherwise, and of jobs that were queued before.
// `request.authority` is whose records it refers to first, DID or handle, so that look-ups take turns by it; nil of requests
// that came before. `first_turn` is the turn of one whose author had no other in look-up.
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
