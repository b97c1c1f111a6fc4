public import ATProtocol
public import Firehose
public import Templates

/// What counts as a change request, whose project it is about, and what its owner is told.
public struct Rule: Sendable, Equatable {
    /// The forms in which a record may refer to a project.
    public enum ReferenceKind: String, Sendable, Hashable, CaseIterable {
        /// A string, `at://authority/collection/key`.
        case atURI = "at-uri"
        /// An object `{uri, cid}` (`com.atproto.repo.strongRef`).
        case strongReference = "strong-ref"
        /// A string, `did:…`.
        case did = "did"
        /// An object with a `$type` and a `did` or `uri`.
        case union = "union"
    }

    /// Who is the owner of a project.
    public enum OwnerSource: Sendable, Hashable {
        /// The authority of the reference, whose repository holds the project. The usual and safe choice.
        case authority
        /// The DID that the reference itself is.
        case did
        /// A DID at this dotted path in the *project's* record; never in the change request, which a stranger wrote.
        case projectRecordField(String)
    }

    /// Unique among the rules; shown in logs and metrics.
    public let name: String
    /// The collections whose records are change requests.
    public let collections: [NSID]
    /// What must happen to a record for a message to be sent.
    ///
    /// Deletes and updates are always heeded for what is queued.
    public let operations: Set<StreamEvent.Commit.Operation>
    /// Dotted paths in the record, tried in order until one holds an acceptable reference.
    public let referencePaths: [String]
    /// The acceptable forms of a reference.
    public let accepts: Set<ReferenceKind>
    /// The collections that a project may be in; empty for any.
    public let projectCollections: [NSID]
    /// Who is the owner.
    public let owner: OwnerSource
    /// Dotted path of the name in the project's record.
    public let projectNamePath: String
    /// Whether a message waits until the project's record could be read.
    public let requiresProjectRecord: Bool
    /// Where the message links to; nil for no link.
    public let link: LinkTemplate?
    /// What the owner is told about one change request.
    public let message: Template

    /// A rule from configuration.
    ///
    /// - Throws: ``RuleError`` naming the key that is wrong.
    public init(
        name: String,
        collections: [String],
        operations: [String] = ["create"],
        referencePaths: [String],
        accepts: [String] = ["at-uri", "strong-ref"],
        projectCollections: [String] = [],
        ownerFrom: String = "authority",
        ownerField: String? = nil,
        projectNamePath: String = "name",
        requiresProjectRecord: Bool = false,
        link: String? = nil,
        message: String
    ) throws(RuleError) {
        func wrong(_ key: String, _ problem: String) -> RuleError { RuleError(rule: name, key: key, problem) }
        guard Self.isName(name) else { throw wrong("name", "must be 1 to 64 letters, digits, - or _") }
        self.name = name
        let required = [
            ("collections", collections), ("operations", operations), ("reference_paths", referencePaths),
            ("accepts", accepts),
        ]
        for (key, values) in required where values.isEmpty { throw wrong(key, "must not be empty") }
        func nsids(_ key: String, _ texts: [String]) throws(RuleError) -> [NSID] {
            do { return try texts.map { text throws(SyntaxError) in try NSID(text) } } catch {
                throw wrong(key, error.description)
            }
        }
        self.collections = try nsids("collections", collections)
        self.projectCollections = try nsids("project_collections", projectCollections)
        var chosen: Set<StreamEvent.Commit.Operation> = []
        for text in operations {
            guard let operation = StreamEvent.Commit.Operation(rawValue: text), operation != .delete else {
                throw wrong("operations", "“\(text)” is neither create nor update")
            }
            chosen.insert(operation)
        }
        self.operations = chosen
        let paths =
            referencePaths.map { ("reference_paths", $0) } + [("project_name_path", projectNamePath)]
            + (ownerField.map { [("owner_field", $0)] } ?? [])
        for (key, path) in paths where path.split(separator: ".", omittingEmptySubsequences: false).contains("") {
            throw wrong(key, "“\(path)” is not a dotted path of member names")
        }
        self.referencePaths = referencePaths
        var kinds: Set<ReferenceKind> = []
        for text in accepts {
            guard let kind = ReferenceKind(rawValue: text) else {
                let known = ReferenceKind.allCases.map(\.rawValue).joined(separator: ", ")
                throw wrong("accepts", "“\(text)” is none of \(known)")
            }
            kinds.insert(kind)
        }
        self.accepts = kinds
        switch (ownerFrom, ownerField) {
        case ("authority", nil): owner = .authority
        case ("did", nil): owner = .did
        case ("project-record-field", let path?): owner = .projectRecordField(path)
        case ("project-record-field", nil):
            throw wrong("owner_field", "must name the field when owner_from is project-record-field")
        case ("authority", _), ("did", _):
            throw wrong("owner_field", "has a meaning only when owner_from is project-record-field")
        default: throw wrong("owner_from", "“\(ownerFrom)” is none of authority, did, project-record-field")
        }
        self.projectNamePath = projectNamePath
        self.requiresProjectRecord = requiresProjectRecord
        do { self.link = try link.map { source throws(TemplateError) in try LinkTemplate(source) } } catch {
            throw wrong("link", error.description)
        }
        do { self.message = try Template(message) } catch { throw wrong("message", error.description) }
    }

    private static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
    }
}
