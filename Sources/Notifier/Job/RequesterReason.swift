/// Why a change request stands where it stands, as far as its author may know.
///
/// It reveals nobody's preferences. Somebody who asked for no messages, who blocked somebody, about whom an operator
/// decided, or whom no message reaches: all of these are ``notTold``. What goes on between the daemon and its servers
/// concerns the operator only.
public enum RequesterReason: String, Sendable, Hashable, CaseIterable {
    case told
    case toldInPublic = "told-in-public"
    case sending
    case turn = "waits-for-its-turn"
    case lookup = "looking-for-the-owner"
    case followNeeded = "follow-needed"
    case notTold = "not-told"
    case unclear = "outcome-unclear"
    case sendingInterrupted = "sending-interrupted"
    case sendingOff = "sending-off"
    case gaveUp = "given-up"
    case notSendable = "not-sendable"

    // About the request itself.
    case referenceUnusable = "reference-unusable"
    case tooManyProjects = "too-many-projects"
    case conditionUnmet = "condition-unmet"
    case old
    case withdrawn
    case unproven
    case ruleRemoved = "rule-removed"

    // About its author.
    case ownRequest = "own-request"
    case authorInactive = "author-inactive"
    case authorLimit = "author-limit"
    case authorBurst = "author-burst"

    // About the project's owner.
    case projectNotFound = "project-not-found"
    case projectUnusable = "project-unusable"
    case ownerOutOfReach = "owner-out-of-reach"
    case ownerUnknown = "owner-unknown"
    case ownerUnconfirmed = "owner-unconfirmed"
    case ownerAmbiguous = "owner-ambiguous"
    case ownerIsNoPerson = "owner-is-no-person"
    case ownerInactive = "owner-inactive"

    /// Whether it is about something still to come, and so fits no request that has ended.
    var isPending: Bool {
        switch self {
        case .sending, .turn, .lookup, .followNeeded, .authorLimit: true
        default: false
        }
    }

    /// What it means for the author of the request.
    ///
    /// - Parameter sender: the account that sends the messages, by its handle: `@bot.example.com`.
    /// - Returns: one sentence.
    public func sentence(sender: String) -> String {
        switch self {
        case .told: "The owner was told of it."
        case .toldInPublic: "The owner was told of it in a public post."
        case .sending: "The message to the owner is under way."
        case .turn: "The owner hears of it when its turn comes: messages are sent at a measured pace."
        case .lookup: "It is being found out whose project it is about."
        case .followNeeded: "The owner hears of it when they follow \(sender)."
        case .notTold: "The owner is not told of it by \(sender)."
        case .unclear: "The owner may have been told of it; whoever runs \(sender) finds that out."
        case .sendingInterrupted: "\(sender) could not send its message: a service on the way did not take it."
        case .sendingOff: "\(sender) sends no messages, or sent none when it saw this request."
        case .gaveUp: "It could not be sent for so long that it is no news any more."
        case .notSendable: "No message could be made of it that the chat service takes."
        case .referenceUnusable:
            "The record does not say, in a form that is understood here, which project it is about."
        case .tooManyProjects: "The record is about more projects than are looked at; not every owner is told."
        case .conditionUnmet: "The record is not, or is no longer, one of those that owners are told of."
        case .old: "The record was old already when it was first seen, so it is no news."
        case .withdrawn: "The record was deleted, or replaced by a newer version, before anybody was told."
        case .unproven: "The server of the record's author does not prove that the record is theirs."
        case .ruleRemoved: "Nobody is told of records of this kind any more."
        case .ownRequest: "Its author owns the project: nobody needs a message about what they did themselves."
        case .authorInactive: "The account of the record's author is not active."
        case .authorLimit: "Its author wrote more requests than are told in an hour; the owner hears of it later."
        case .authorBurst: "Its author wrote more requests at once than a person does, so nobody is told of them."
        case .projectNotFound: "The project that the record refers to does not exist."
        case .projectUnusable: "The project's record does not say, in a form that is understood here, whose it is."
        case .ownerOutOfReach: "A server that has to say whose project it is does not answer as it should."
        case .ownerUnknown: "Nobody knows an owner of what the record refers to."
        case .ownerUnconfirmed: "The owner's own repository does not confirm that the project is theirs."
        case .ownerAmbiguous: "Several accounts hold a record of the same project, so nobody can say whose it is."
        case .ownerIsNoPerson: "The project belongs to a group or an organisation, which reads no messages."
        case .ownerInactive: "The account of the project's owner is not active, or is moving."
        }
    }

    /// What would help and who can do it, for the author; nil when nothing helps or is needed.
    public func help(sender: String) -> String? {
        switch self {
        case .followNeeded: "Ask the owner to follow \(sender)."
        case .notTold, .gaveUp, .notSendable, .ownerIsNoPerson, .authorBurst, .tooManyProjects:
            "Tell the owner in another way: where the project is, for example."
        case .unclear: "Ask the owner whether they know of it."
        case .referenceUnusable, .projectNotFound, .ownerUnknown:
            "Correct the record's reference: it names the project's record by its AT-URI."
        case .projectUnusable, .ownerUnconfirmed:
            "The owner's own record has to name the project, or its owner, as its application wants it."
        case .ownerAmbiguous: "All accounts but the owner's have to withdraw their record of the project."
        case .authorInactive, .ownerInactive: "The account has to be active again."
        case .told, .toldInPublic, .sending, .turn, .lookup, .sendingInterrupted, .sendingOff, .conditionUnmet, .old,
            .withdrawn, .unproven, .ruleRemoved, .ownRequest, .authorLimit, .ownerOutOfReach:
            nil
        }
    }
}
