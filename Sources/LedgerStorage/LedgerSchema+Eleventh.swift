// Answers to what people wrote are counted apart from the notices of the day, however many notices there are.
extension LedgerSchema {
    static let eleventhTables = """
        CREATE INDEX message_answer ON message (created_at) WHERE kind <> 'notice';
        """
}
