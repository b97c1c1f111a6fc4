// Conversations that were opened long ago are found without a look at all the others.
extension LedgerSchema {
    static let twelfthTables = """
        CREATE INDEX conversation_opened ON conversation (opened_at);
        """
}
