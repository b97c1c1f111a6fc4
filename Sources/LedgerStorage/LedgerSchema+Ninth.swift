// `heard` has the last of what each person wrote to the sender, by the revision that the chat service gave it: nothing is
// heeded twice, however often it is read. An answer is a row of `message` before it is its turn (`queued`), with its `kind`, and
// in `reply_to` what it answers.
extension LedgerSchema {
    static let ninthTables = """
        CREATE TABLE heard (owner TEXT PRIMARY KEY, rev TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
        CREATE INDEX heard_at ON heard (at);
        """
}
