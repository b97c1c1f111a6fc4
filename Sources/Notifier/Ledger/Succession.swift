/// What an event means for a change request that is known already.
enum Succession: Sendable, Equatable {
    /// Seen before, or older than what is known: nothing.
    case duplicate
    /// A newer version while nothing was sent: it takes the place of the old one.
    case replace
    /// A newer version, too late: owners are not told again.
    case late

    /// Decides for one row.
    ///
    /// - Parameters:
    ///   - state: where the row stands.
    ///   - reason: why.
    ///   - rev: the revision that the row speaks of.
    ///   - newRev: the revision of the event; revisions are TIDs and compare as text.
    ///   - cid: the version that the row speaks of.
    ///   - newCID: the version of the event.
    /// - Returns: what to do.
    static func decide(
        state: JobState,
        reason: Reason?,
        rev: String,
        newRev: String,
        cid: String?,
        newCID: String?
    ) -> Succession {
        guard rev.utf8.lexicographicallyPrecedes(newRev.utf8) else { return .duplicate }
        switch state {
        // The same content again is what a host replays when it takes a repository in anew.
        case .lookup, .queued, .deferred: return cid == newCID ? .duplicate : .replace
        case .dropped where reason == .recordDeleted || reason == .recordNotFound: return .replace
        case .dropped where reason?.isAboutRecord == true: return cid == newCID ? .duplicate : .replace
        case .dropped, .sending, .verify, .delivered, .uncertain: return .late
        }
    }
}

extension Reason {
    /// Whether another version of the record could make it go away.
    var isAboutRecord: Bool {
        switch self {
        case .referenceMissing, .referenceKindRefused, .referenceMalformed, .referenceWithoutRecord,
            .referenceWithoutOwner, .projectCollectionUnexpected, .didUnsupported, .projectNotFound,
            .proofInvalid, .proofUnavailable:
            true
        default: false
        }
    }
}
