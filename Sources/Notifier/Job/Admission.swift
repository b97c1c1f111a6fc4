/// What the present settings say about telling a recipient of a request.
public enum Admission: Sendable, Hashable {
    /// They are told when their turn comes.
    case told
    /// They are told once the reason no longer holds.
    case waits(Reason)
    /// They are not told.
    case refused(Reason)

    /// Whether nobody is told.
    var isRefused: Bool {
        guard case .refused = self else { return false }
        return true
    }
}
