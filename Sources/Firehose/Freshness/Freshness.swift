/// Whether a record is new, and if not, why it arrives now.
package enum Freshness: String, Sendable, CaseIterable {
    /// The record was written just before the host saw it.
    case fresh
    /// The record was new when its commit was made, but we read it much later, while catching up.
    case late
    /// The record was written long before the host saw it, or it is an old record that was changed.
    case stale
    /// An old record, sent again because the whole repository was replaced.
    case resync
    /// Old by its key and its own date, but written now: a move or an import.
    case imported
    /// The record's key is recent, but its own date is long ago.
    case backdated
    /// The record's key or commit has a time in the future.
    case misdated
}
