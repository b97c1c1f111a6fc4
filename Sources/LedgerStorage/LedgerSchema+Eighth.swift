// `gap.outcome` says how a gap was closed: another host was read over it (`covered`), everybody answered (`swept`), or
// somebody never did (`given-up`), who is named by `unanswered`; nil of gaps that are open, or were closed before. `next_at`
// says when who did not answer is asked again, `patience` how many seconds that goes on in all.
extension LedgerSchema {
    static let eighthTables = """
        ALTER TABLE gap ADD COLUMN outcome TEXT;
        ALTER TABLE gap ADD COLUMN next_at REAL;
        ALTER TABLE gap ADD COLUMN patience REAL;
        """
}
