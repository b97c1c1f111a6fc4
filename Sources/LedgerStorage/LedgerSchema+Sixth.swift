// `request.awaits_proof` stands while nobody could compare the signature of the commit that brought it with its account's key.
extension LedgerSchema {
    static let sixthTables = """
        ALTER TABLE request ADD COLUMN awaits_proof INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX request_awaits_proof ON request (state) WHERE awaits_proof;
        """
}
