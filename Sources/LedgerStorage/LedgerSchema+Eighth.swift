// - `gap.outcome`: how a gap was closed. `covered`: another host was read over it. `swept`: everybody answered.
//   `given-up`: somebody never answered. NULL for open gaps and for those closed before this schema.
// - `gap.unanswered`: who never answered.
// - `gap.next_at`: when those who did not answer are asked again.
// - `gap.patience`: for how many seconds in all they are asked.
extension LedgerSchema {
    static let eighthTables = """
        ALTER TABLE gap ADD COLUMN outcome TEXT;
        ALTER TABLE gap ADD COLUMN next_at REAL;
        ALTER TABLE gap ADD COLUMN patience REAL;
        """
}
