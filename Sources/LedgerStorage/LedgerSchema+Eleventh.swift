// Answers to what people wrote are counted apart from the messages of the day, however many of these there are.
extension LedgerSchema {
    static let eleventhTables = """
        CREATE INDEX message_answer ON message (created_at) WHERE kind <> 'notice';
        """
}
