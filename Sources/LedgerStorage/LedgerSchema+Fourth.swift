// A conversation is identified by its recipient, not by the id that the service gives it. If the service gives one
// recipient's id to another, the service is wrong, and the file must still be able to store it.
//
// - `last_message`: the newest message that we know there, ours or the owner's. Anything newer was written without this
//   ledger's knowledge.
// - `known_since`: since when the ledger knows all messages there. Before that, the ledger did not exist or was older
//   than the chat.
// - `may_repeat`: the operator wants the request sent although the conversation does not say whether it was sent.
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
