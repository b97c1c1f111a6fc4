/// A rule as written; every default is the configuration's.
///
/// What has no comment here is explained in ``Rule`` and the types of its parts, by the same name.
public struct RuleText: Sendable {
    /// Where references are, and in which forms.
    public struct References: Sendable {
        /// See ``ReferenceReader/paths``.
        public var paths: [String]
        /// See ``ReferenceReader/accepts``.
        public var accepts: [String]

        /// References in these forms.
        public init(_ paths: [String], accepts: [String] = ["at-uri", "strong-ref"]) {
            self.paths = paths
            self.accepts = accepts
        }
    }

    /// See ``OwnerIndex``.
    public struct Index: Sendable {
        /// See ``OwnerIndex/query``.
        public var query: String
        /// See ``OwnerIndex/recordPath``.
        public var recordPath: String
        /// See ``OwnerIndex/confirmingPath``.
        public var confirmingPath: String
        /// See ``OwnerIndex/collections``.
        public var collections: [String]

        /// An index as written.
        public init(query: String, recordPath: String, confirmingPath: String, collections: [String] = []) {
            self.query = query
            self.recordPath = recordPath
            self.confirmingPath = confirmingPath
            self.collections = collections
        }
    }

    /// See ``CollaboratorSource``.
    public struct Collaborators: Sendable {
        /// See ``CollaboratorSource/Index/query``.
        public var query: String?
        /// See ``CollaboratorSource/Index/path``.
        public var people: String?
        /// See ``CollaboratorSource/grants``.
        public var grants: [String] = []
        /// See ``CollaboratorSource/acceptances``.
        public var acceptances: [String] = []
        /// See ``CollaboratorSource/personPath``.
        public var person = "subject"
        /// See ``CollaboratorSource/projects``.
        public var references: References

        /// Collaborators whose records refer to the project in this way.
        public init(references: References) { self.references = references }
    }

    /// See ``SubscriberSource``.
    public struct Subscribers: Sendable {
        /// See ``SubscriberSource/collections``.
        public var collections: [String]
        /// See ``SubscriberSource/subjects``.
        public var references: References
        /// See ``SubscriberSource/onlyPath``.
        public var only: String?

        /// Subscribers by records of these collections.
        public init(collections: [String], references: References, only: String? = nil) {
            self.collections = collections
            self.references = references
            self.only = only
        }
    }

    /// See ``Rule/name``.
    public var name: String
    /// See ``Rule/collections``.
    public var collections: [String]
    /// See ``Rule/exceptions``.
    public var exceptions: [String] = []
    /// See ``Rule/conditions``.
    public var conditions: [(field: String, test: Condition.Test)] = []
    /// See ``Rule/operations``.
    public var operations = ["create"]
    /// See ``Rule/references``.
    public var references: References
    /// See ``Rule/hops``.
    public var hops: [(collections: [String], references: References)] = []
    /// See ``Rule/maximumProjects``.
    public var maximumProjects = 20
    /// See ``Rule/projectCollections``.
    public var projectCollections: [String] = []
    /// The name of a case of ``OwnerSource``.
    public var ownerFrom = "authority"
    /// The path of ``OwnerSource/projectRecordField(_:)``.
    public var ownerField: String?
    /// The index of ``OwnerSource/index(_:)``.
    public var index: Index?
    /// See ``Rule/recipients``; by ``RecipientRole/plural``.
    public var tell = [RecipientRole.owner.plural]
    /// See ``Rule/maximumPeople``.
    public var maximumPeople = 50
    /// See ``Rule/collaborators``.
    public var collaborators: Collaborators?
    /// See ``Rule/subscribers``.
    public var subscribers: Subscribers?
    /// See ``Rule/groupCollections``.
    public var groupCollections: [String] = []
    /// See ``Rule/projectNamePath``.
    public var projectNamePath = "name"
    /// See ``Rule/requiresProjectRecord``.
    public var requiresProjectRecord = false
    /// See ``Rule/silence``.
    public var silence: Duration? = .seconds(14 * 86_400)
    /// See ``Rule/link``.
    public var link: String?
    /// See ``Rule/message``.
    public var message: String

    /// A rule with every default.
    public init(name: String, collections: [String], references: References, message: String) {
        self.name = name
        self.collections = collections
        self.references = references
        self.message = message
    }
}
