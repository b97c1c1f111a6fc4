/// Why somebody is told of a change request: their role in the project.
///
/// In order of precedence: a person with several roles is told in the first of them.
public enum RecipientRole: String, Sendable, Hashable, CaseIterable {
    /// The project is theirs.
    case owner
    /// They work on it, as the owner says.
    case collaborator
    /// They asked to be told of it.
    case subscriber

    /// The role's key in a rule; a project has one owner, and may have several of the others.
    public var plural: String { self == .owner ? rawValue : rawValue + "s" }

    /// How many roles take precedence.
    var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    /// The reason for a job whose recipient no longer has this role by the latest look-up.
    var endReason: Reason {
        switch self {
        case .owner: .ownerChanged
        case .collaborator: .collaboratorUnconfirmed
        case .subscriber: .subscriptionEnded
        }
    }
}
