public import ATProtocol
public import Firehose
public import Network
public import Templates

/// What counts as a change request, whose project it is about, and what its owner is told.
public struct Rule: Sendable, Equatable {
    /// A record between the change request and the project, such as a comment's issue.
    public struct Hop: Sendable, Hashable {
        /// The collections of such records; a record in none of this hop's or the later hops' is the project itself.
        public let collections: [CollectionPattern]
        /// How such a record refers to the next one.
        public let references: ReferenceReader
    }

    /// Unique among the rules; shown in logs and metrics.
    public let name: String
    /// The collections whose records are change requests.
    public let collections: [CollectionPattern]
    /// Collections among these whose records are not change requests.
    public let exceptions: [CollectionPattern]
    /// The conditions on a record; all must be met.
    public let conditions: [Condition]
    /// The operations on a record for which a message is sent.
    ///
    /// Deletes and updates always affect what is queued.
    public let operations: Set<StreamEvent.Commit.Operation>
    /// Where the references are in the record.
    public let references: ReferenceReader
    /// The records between the change request and its project, in order.
    public let hops: [Hop]
    /// The most projects of one change request whose owners are told.
    public let maximumProjects: Int
    /// The collections of project records; empty for any.
    public let projectCollections: [CollectionPattern]
    /// How the owner is determined.
    public let owner: OwnerSource
    /// Which roles are told.
    public let recipients: Set<RecipientRole>
    /// How collaborators are found; nil when they are not told.
    public let collaborators: CollaboratorSource?
    /// How subscribers are found; nil when they are not told.
    public let subscribers: SubscriberSource?
    /// The most collaborators and subscribers who are told of one change request.
    public let maximumPeople: Int
    /// Collections of groups and organisations: an owner with such a record is not a person, and nobody reads their
    /// chat.
    public let groupCollections: [CollectionPattern]
    /// The path to the project's name in its record.
    public let projectNamePath: FieldPath
    /// Whether a message waits until the project's record was read.
    public let requiresProjectRecord: Bool
    /// How long a rule that has matched may match nothing before an alarm; nil for ever.
    public let silence: Duration?
    /// The link in the message; nil for none.
    public let link: LinkTemplate?
    /// What the owner is told about one change request.
    public let message: Template

    /// The most records between a change request and its project.
    public static let maximumHops = 3
}

extension Rule {
    /// Reads a rule of the configuration; nil when it has mistakes, with all of them.
    public static func reading(_ text: RuleText) -> (rule: Rule?, mistakes: [RuleError]) {
        let reader = RuleReader(text)
        return (reader.rule, reader.mistakes)
    }

    /// The addresses of its indexes, each with the key that names it.
    public var indexAddresses: [(key: String, address: WebURL)] {
        var queries: [(String, ReferenceQuery)] = []
        if case .index(let index) = owner { queries.append(("index.query", index.query)) }
        if let index = collaborators?.index { queries.append(("collaborators.query", index.query)) }
        var found: [(key: String, address: WebURL)] = []
        for (key, query) in queries {
            if let address = try? query.url(of: "did") { found.append((key, address)) }
        }
        return found
    }

    /// Whether only the owner is told.
    var tellsOwnersOnly: Bool { recipients == [.owner] }

    /// Whether its message is empty for a record that lacks every field it shows.
    public var isBlank: Bool {
        let text = message.render { field in
            switch field {
            case .known(.count): .number(1)
            case .record, .known: .text("x")
            }
        }
        return PlainText.sanitize(text).isEmpty
    }

    /// Whether its link leaves too little room for text.
    public var isLinkTooLong: Bool { (link?.template.source.count ?? 0) > Self.maximumLink }

    /// The longest link, in characters, with fields as written.
    public static let maximumLink = 400
}
