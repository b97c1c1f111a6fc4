public import ATProtocol
public import Firehose
internal import Network
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

    /// A rule from configuration.
    ///
    /// - Throws: ``RuleError`` naming the key that is wrong.
    public init(_ text: RuleText) throws(RuleError) {
        func wrong(_ key: String, _ problem: String) -> RuleError { RuleError(rule: text.name, key: key, problem) }
        guard Self.isName(text.name) else { throw wrong("name", "must be 1 to 64 letters, digits, - or _") }
        name = text.name
        let required = [
            ("collections", text.collections), ("operations", text.operations),
            ("reference_paths", text.references.paths), ("accepts", text.references.accepts),
        ]
        for (key, values) in required where values.isEmpty { throw wrong(key, "must not be empty") }
        func parsed<Value: SyntaxValue>(_ key: String, _ texts: [String]) throws(RuleError) -> [Value] {
            do { return try texts.map { text throws(SyntaxError) in try Value(text) } } catch {
                throw wrong(key, error.description)
            }
        }
        func path(_ key: String, _ text: String) throws(RuleError) -> FieldPath {
            do { return try FieldPath(text) } catch { throw wrong(key, error.description) }
        }
        func reader(_ place: String, _ text: RuleText.References) throws(RuleError) -> ReferenceReader {
            let forms = try text.accepts.map { text throws(RuleError) in
                guard let form = ReferenceReader.Form(rawValue: text) else {
                    let known = ReferenceReader.Form.allCases.map(\.rawValue).joined(separator: ", ")
                    throw wrong(place + "accepts", "“\(text)” is none of \(known)")
                }
                return form
            }
            return ReferenceReader(paths: try parsed(place + "reference_paths", text.paths), accepts: Set(forms))
        }
        let collections: [CollectionPattern] = try parsed("collections", text.collections)
        projectCollections = try parsed("project_collections", text.projectCollections)
        groupCollections = try parsed("group_collections", text.groupCollections)
        let exceptions: [CollectionPattern] = try parsed("except", text.exceptions)
        for exception in exceptions where !collections.contains(where: { $0.covers(exception) }) {
            throw wrong("except", "\(exception) is not among the collections")
        }
        guard !collections.allSatisfy({ one in exceptions.contains { $0.covers(one) } }) else {
            throw wrong("except", "leaves nothing of the collections")
        }
        (self.collections, self.exceptions) = (collections, exceptions)
        operations = Set(
            try text.operations.map { text throws(RuleError) in
                guard let operation = StreamEvent.Commit.Operation(rawValue: text), operation != .delete else {
                    throw wrong("operations", "“\(text)” is neither create nor update")
                }
                return operation
            }
        )
        conditions = try text.conditions.map { condition throws(RuleError) in
            Condition(try path("when", condition.field), condition.test)
        }
        references = try reader("", text.references)
        guard text.hops.count <= Self.maximumHops else {
            throw wrong("hops", "there are more than \(Self.maximumHops)")
        }
        hops = try text.hops.map { hop throws(RuleError) in
            guard !hop.collections.isEmpty else {
                throw wrong("hops", "each needs the collections that it goes through")
            }
            guard !hop.references.paths.isEmpty else { throw wrong("hops", "each needs reference_paths") }
            return Hop(
                collections: try parsed("hops", hop.collections),
                references: try reader("hops, ", hop.references)
            )
        }
        maximumProjects = text.maximumProjects
        projectNamePath = try path("project_name_path", text.projectNamePath)
        requiresProjectRecord = text.requiresProjectRecord
        silence = text.silence
        switch (text.ownerFrom, text.ownerField, text.index) {
        case ("authority", nil, nil): owner = .authority
        case ("did", nil, nil): owner = .did
        case ("project-record-field", let field?, nil):
            let path = try path("owner_field", field)
            guard !path.isPlural else { throw wrong("owner_field", "must name one value, and [*] names all") }
            owner = .projectRecordField(path)
        case ("project-record-field", nil, _):
            throw wrong("owner_field", "must name the field when owner_from is project-record-field")
        case ("index", nil, let index?):
            guard !projectCollections.isEmpty else {
                throw wrong(
                    "project_collections",
                    "with owner_from index, must name those of the records that confirm it"
                )
            }
            let (record, field) = (try path("index", index.recordPath), try path("index", index.confirmingPath))
            let collections: [CollectionPattern] = try parsed("index", index.collections)
            do {
                owner = .index(try OwnerIndex(index.query, recordPath: record, confirmingPath: field, collections))
            } catch { throw wrong("index", "its query \(error.reason)") }
        case ("index", nil, nil): throw wrong("index", "says whom to ask when owner_from is index")
        case ("authority", _?, _), ("did", _?, _), ("index", _?, _):
            throw wrong("owner_field", "has a meaning only when owner_from is project-record-field")
        case ("authority", _, _?), ("did", _, _?), ("project-record-field", _, _?):
            throw wrong("index", "has a meaning only when owner_from is index")
        default:
            throw wrong("owner_from", "“\(text.ownerFrom)” is none of authority, did, project-record-field, index")
        }
        switch owner {
        case .did, .index: break
        case .authority, .projectRecordField:
            let isInHops = hops.contains { $0.references.accepts.contains(.did) }
            guard !references.accepts.contains(.did), !isInHops else {
                throw wrong(
                    references.accepts.contains(.did) ? "accepts" : "hops",
                    "a did names no owner unless owner_from is did or index"
                )
            }
        }
        do { link = try text.link.map { source throws(TemplateError) in try LinkTemplate(source) } } catch {
            throw wrong("link", error.description)
        }
        guard text.message.contains(where: { !$0.isWhitespace }) else { throw wrong("message", "must not be empty") }
        do { message = try Template(text.message) } catch { throw wrong("message", error.description) }
    }

    private static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
    }
}
