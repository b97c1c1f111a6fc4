public import ATProtocol

/// The source of a value; the raw values are the names in templates.
public enum TemplateField: Sendable, Hashable {
    /// A field of every change request.
    case known(Known)
    /// A member of the change request's record, which its author wrote: `record.<path>`; `record.topics[*]` for a list.
    case record(FieldPath)

    /// The fields that every change request has.
    public enum Known: String, Sendable, CaseIterable {
        /// The DID of the change request's author.
        case authorDID = "author.did"
        /// The author's handle if it is known, otherwise the DID.
        case authorName = "author.name"
        /// The DID of the owner, who gets the message.
        case ownerDID = "owner.did"
        /// The project's name, or its record key if the name is not known.
        case projectName = "project.name"
        /// The AT-URI of the project, or the DID in the reference.
        case projectURI = "project.uri"
        /// The DID of the repository that holds the project.
        case projectDID = "project.did"
        /// The project's collection; empty for a DID.
        case projectCollection = "project.collection"
        /// The project's record key; empty for a DID.
        case projectRecordKey = "project.rkey"
        /// The AT-URI of the change request.
        case requestURI = "request.uri"
        /// The change request's collection.
        case requestCollection = "request.collection"
        /// The change request's record key.
        case requestRecordKey = "request.rkey"
        /// The name of the rule that matched.
        case ruleName = "rule.name"
        /// How many change requests the message is about.
        case count = "count"
    }

    /// Who chooses the value.
    enum Origin {
        /// We do, or it is a verified account name.
        case known
        /// A stranger does, within the syntax of collections, record keys and AT-URIs.
        case identifier
        /// A stranger does, without limits.
        case words
    }

    var origin: Origin {
        switch self {
        case .record, .known(.projectName): .words
        case .known(.projectURI), .known(.projectCollection), .known(.projectRecordKey), .known(.requestURI),
            .known(.requestCollection), .known(.requestRecordKey):
            .identifier
        case .known(.authorDID), .known(.authorName), .known(.ownerDID), .known(.projectDID), .known(.ruleName),
            .known(.count):
            .known
        }
    }

    init?(_ name: String) {
        if let known = Known(rawValue: name) {
            self = .known(known)
        } else if name.hasPrefix("record."), let path = try? FieldPath(String(name.dropFirst(7))) {
            self = .record(path)
        } else {
            return nil
        }
    }
}

/// A value that a template can show.
public enum TemplateValue: Sendable, Hashable {
    /// Text that is not sanitised yet.
    case text(String)
    /// A count.
    case number(Int)
}
