// What was seen while sending was off is never told by itself (`is_shadow`); an operator's retry takes that back.
extension LedgerSchema {
    static let thirdTables = """
        ALTER TABLE request ADD COLUMN is_shadow INTEGER NOT NULL DEFAULT 0;
        """
}
