public import ATProtocol
public import Firehose
public import Network
public import Templates

/// What counts as a change request, whose project it is about, and what its owner is told.
public struct Rule: Sendable, Equatable {
    /// A record between the change request and the project: a comment's issue.
    public struct Hop: Sendable, Hashable {
        /// The collections that it may be in; what is in none of this and the later hops' is the project itself.
        public let collections: [CollectionPattern]
        /// Where it refers to the next.
        public let references: ReferenceReader
    }

    /// Unique among the rules; shown in logs and metrics.
    public let name: String
    /// The collections whose records are change requests.
    public let collections: [CollectionPattern]
    /// Those among them that are not.
    public let exceptions: [CollectionPattern]
    /// What a record of them must say; all of it.
    public let conditions: [Condition]
    /// What must happen to a record for a message to be sent.
    ///
    /// Deletes and updates are always heeded for what is queued.
    public let operations: Set<StreamEvent.Commit.Operation>
    /// Where in the record the references are.
    public let references: ReferenceReader
    /// What is read between the change request and its project, in order.
    public let hops: [Hop]
    /// The most projects of one change request whose owners are told.
    public let maximumProjects: Int
    /// The collections that a project may be in; empty for any.
    public let projectCollections: [CollectionPattern]
    /// Who is the owner.
    public let owner: OwnerSource
    /// Who hears of it.
    public let recipients: Set<RecipientRole>
    /// Who works on a project; nil when nobody but the owner is told for that.
    public let collaborators: CollaboratorSource?
    /// Who asked to be told; nil when nobody is told for that.
    public let subscribers: SubscriberSource?
    /// The most collaborators and subscribers who are told of one change request.
    public let maximumPeople: Int
    /// An owner whose repository holds a record of one of these is a group or an organisation, whose chat nobody reads.
    public let groupCollections: [CollectionPattern]
    /// Where the project's name stands in its record.
    public let projectNamePath: FieldPath
    /// Whether a message waits until the project's record could be read.
    public let requiresProjectRecord: Bool
    /// How long nothing may match, after something did, before that is a reason to look; nil for ever.
    public let silence: Duration?
    /// Where the message links to; nil for no link.
    public let link: LinkTemplate?
    /// What the owner is told about one change request.
    public let message: Template

    /// The most records between a change request and its project.
    public static let maximumHops = 3
}

extension Rule {
    /// A rule from configuration.
    ///
    /// - Throws: ``RuleError`` naming the first key that is wrong.
    public init(_ text: RuleText) throws(RuleError) {
        let (rule, mistakes) = Rule.reading(text)
        guard let rule else {
            throw mistakes.first ?? RuleError(rule: text.name, key: "name", "cannot be read")
        }
        self = rule
    }

    /// A rule as it is written; nil with everything that is wrong with it.
    public static func reading(_ text: RuleText) -> (rule: Rule?, mistakes: [RuleError]) {
        let reader = RuleReader(text)
        return (reader.rule, reader.mistakes)
    }

    /// Where its indexes are asked, by the key that names each.
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

    /// Whether nobody but the owner is told.
    var tellsOwnersOnly: Bool { recipients == [.owner] }

    /// Whether its message says nothing at all of a record that lacks every field that is shown.
    public var isBlank: Bool {
        let text = message.render { field in
            switch field {
            case .known(.count): .number(1)
            case .record, .known: .text("x")
            }
        }
        return PlainText.sanitize(text).isEmpty
    }

    /// Whether its link leaves too little room for words.
    public var isLinkTooLong: Bool { (link?.template.source.count ?? 0) > Self.maximumLink }

    /// The longest link, in characters, fields counted as they are written.
    public static let maximumLink = 400
}
