/// Why somebody hears of a change request: what they are to the project.
///
/// In the order in which they count: who is several is told as the first.
public enum RecipientRole: String, Sendable, Hashable, CaseIterable {
    /// It is theirs.
    case owner
    /// They work on it, as its owner says.
    case collaborator
    /// They asked to be told of it.
    case subscriber

    /// How a rule calls them: the owner of a project is one, of the others there may be several.
    public var plural: String { self == .owner ? rawValue : rawValue + "s" }

    /// How many others count before.
    var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    /// Why somebody is not told who was to be told as this, and by the latest look-up is it no more.
    var endReason: Reason {
        switch self {
        case .owner: .ownerChanged
        case .collaborator: .collaboratorUnconfirmed
        case .subscriber: .subscriptionEnded
        }
    }
}
