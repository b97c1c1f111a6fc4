public import ATProtocol

/// Where a template's value comes from; the names are the ones that are written in templates.
public enum TemplateField: Sendable, Hashable {
    /// One of the fixed fields.
    case known(Known)
    /// `record.<path>`: a member of the change request, written by its author; `record.topics[*]` for a list.
    case record(FieldPath)

    /// The fields that every change request has.
    public enum Known: String, Sendable, CaseIterable {
        /// Who wrote the change request.
        case authorDID = "author.did"
        /// The author's handle when it is known, else the DID.
        case authorName = "author.name"
        /// Who gets the message.
        case ownerDID = "owner.did"
        /// The project's name, or its record key when the name is not known.
        case projectName = "project.name"
        /// The AT-URI of the project, or the DID that the reference names.
        case projectURI = "project.uri"
        /// Whose repository holds the project.
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
        /// How many change requests the message speaks of.
        case count = "count"
    }

    /// Who chose its value.
    enum Origin {
        /// We did, or an account's name, which was verified.
        case known
        /// A stranger, within the syntax of collections, record keys and AT-URIs.
        case identifier
        /// A stranger, as they liked.
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
    /// Text, not sanitised yet.
    case text(String)
    /// A count.
    case number(Int)
}
