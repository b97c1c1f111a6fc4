// - `request.awaits_proof`: true until somebody could check the commit's signature against its account's key.
// - `request.failing_since`: since when its look-up has only failed. A success or a new beginning sets it to NULL.
//
// Jobs that were queued before the fifth schema count as queued since their last change.
extension LedgerSchema {
    static let sixthTables = """
        ALTER TABLE request ADD COLUMN awaits_proof INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX request_awaits_proof ON request (state) WHERE awaits_proof;
        ALTER TABLE request ADD COLUMN failing_since REAL;
        CREATE INDEX request_failing ON request (failing_since) WHERE failing_since IS NOT NULL;
        UPDATE job SET queued_at = updated_at WHERE state = 'queued' AND queued_at IS NULL;
        """
}
