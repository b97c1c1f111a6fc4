/// A rule as written; every default is the configuration's.
///
/// What has no comment here is explained in ``Rule`` and the types of its parts, by the same name.
public struct RuleText: Sendable {
    /// Where references are, and in which forms.
    public struct References: Sendable {
        public var paths: [String]
        public var accepts: [String]

        /// References in these forms.
        public init(_ paths: [String], accepts: [String] = ["at-uri", "strong-ref"]) {
            self.paths = paths
            self.accepts = accepts
        }
    }

    /// See ``OwnerIndex``.
    public struct Index: Sendable {
        public var query: String
        public var recordPath: String
        public var confirmingPath: String
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
        public var grants: [String] = []
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

    public var name: String
    public var collections: [String]
    public var exceptions: [String] = []
    public var conditions: [(field: String, test: Condition.Test)] = []
    public var operations = ["create"]
    public var references: References
    public var hops: [(collections: [String], references: References)] = []
    public var maximumProjects = 20
    public var projectCollections: [String] = []
    /// The name of a case of ``OwnerSource``.
    public var ownerFrom = "authority"
    /// The path of ``OwnerSource/projectRecordField(_:)``.
    public var ownerField: String?
    /// The index of ``OwnerSource/index(_:)``.
    public var index: Index?
    /// See ``Rule/recipients``; by ``RecipientRole/plural``.
    public var tell = [RecipientRole.owner.plural]
    public var maximumPeople = 50
    public var collaborators: Collaborators?
    public var subscribers: Subscribers?
    public var groupCollections: [String] = []
    public var projectNamePath = "name"
    public var requiresProjectRecord = false
    public var silence: Duration? = .seconds(14 * 86_400)
    public var link: String?
    public var message: String

    /// A rule with every default.
    public init(name: String, collections: [String], references: References, message: String) {
        self.name = name
        self.collections = collections
        self.references = references
        self.message = message
    }
}
