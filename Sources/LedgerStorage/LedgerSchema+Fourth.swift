// A conversation is its recipient's, whatever id the service gives it: an id that is another's is a lie of the service's and
// nothing that the file must refuse. `last_message` is the newest message that is known there, our own or the owner's; what
// is newer was written without this ledger's knowing. What was written there before `known_since` is known by chance: the ledger
// was not there, or was older than the chat. `may_repeat` is set by an operator who wants a request told of which the
// conversation does not say whether it was told.
extension LedgerSchema {
    static let fourthTables = """
        ALTER TABLE request ADD COLUMN may_repeat INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE conversation RENAME TO conversation_3;
        CREATE TABLE conversation (
            owner TEXT PRIMARY KEY, id TEXT NOT NULL, opened_at REAL NOT NULL, known_since REAL NOT NULL, last_message TEXT)
            WITHOUT ROWID;
        INSERT INTO conversation (owner, id, opened_at, known_since, last_message)
            SELECT owner, id, opened_at, opened_at,
                (SELECT message_id FROM message WHERE message.owner = conversation_3.owner AND conversation = conversation_3.id
                    AND message_id IS NOT NULL ORDER BY sent_at DESC LIMIT 1)
            FROM conversation_3;
        DROP TABLE conversation_3;
        CREATE INDEX conversation_id ON conversation (id);
        """
}
