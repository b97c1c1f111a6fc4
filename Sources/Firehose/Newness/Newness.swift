/// Whether a record is news, and if not, why it comes now.
package enum Newness: String, Sendable, CaseIterable {
    /// Written when it was seen.
    case fresh
    /// Written when its commit says, but read long after: the stream was caught up with.
    case late
    /// Written long before a host saw it, or an old record that is changed: whoever was slow, it was not our reading.
    case stale
    /// Old, and told again because the repository was replaced as a whole.
    case resync
    /// Old by its key and its own date, written anew: a move or an import.
    case imported
    /// Its key says now, its own date says long ago.
    case backdated
    /// Its key or its commit claims to be from the future.
    case misdated
}
