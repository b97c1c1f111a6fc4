// `request.awaits_proof` stands while nobody could compare the signature of the commit that brought it with its account's key.
// `request.failing_since` says since when its look-up has failed without a success or a new beginning between; nil when it has not.
// What was queued before the fifth schema is queued since it was last changed.
extension LedgerSchema {
    static let sixthTables = """
        ALTER TABLE request ADD COLUMN awaits_proof INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX request_awaits_proof ON request (state) WHERE awaits_proof;
        ALTER TABLE request ADD COLUMN failing_since REAL;
        CREATE INDEX request_failing ON request (failing_since) WHERE failing_since IS NOT NULL;
        UPDATE job SET queued_at = updated_at WHERE state = 'queued' AND queued_at IS NULL;
        """
}
