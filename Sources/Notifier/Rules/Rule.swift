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
        guard Self.isName(name) else {
            throw RuleError(rule: name, key: "name", "must be 1 to 64 letters, digits, - or _")
        }
        self.name = name
        self.collections = try Self.nsids(collections, rule: name, key: "collections", mayBeEmpty: false)
        self.projectCollections = try Self.nsids(
            projectCollections,
            rule: name,
            key: "project_collections",
            mayBeEmpty: true
        )
        var chosen: Set<StreamEvent.Commit.Operation> = []
        for text in operations {
            guard let operation = StreamEvent.Commit.Operation(rawValue: text), operation != .delete else {
                throw RuleError(rule: name, key: "operations", "“\(text)” is neither create nor update")
            }
            chosen.insert(operation)
        }
        guard !chosen.isEmpty else { throw RuleError(rule: name, key: "operations", "must not be empty") }
        self.operations = chosen
        guard !referencePaths.isEmpty else { throw RuleError(rule: name, key: "reference_paths", "must not be empty") }
        for path in referencePaths { try Self.check(path, rule: name, key: "reference_paths") }
        try Self.check(projectNamePath, rule: name, key: "project_name_path")
        if let ownerField { try Self.check(ownerField, rule: name, key: "owner_field") }
        self.referencePaths = referencePaths
        var kinds: Set<ReferenceKind> = []
        for text in accepts {
            guard let kind = ReferenceKind(rawValue: text) else {
                let known = ReferenceKind.allCases.map(\.rawValue).joined(separator: ", ")
                throw RuleError(rule: name, key: "accepts", "“\(text)” is none of \(known)")
            }
            kinds.insert(kind)
        }
        guard !kinds.isEmpty else { throw RuleError(rule: name, key: "accepts", "must not be empty") }
        self.accepts = kinds
        owner = try Self.owner(ownerFrom, field: ownerField, rule: name)
        self.projectNamePath = projectNamePath
        self.requiresProjectRecord = requiresProjectRecord
        do { self.link = try link.map { source throws(TemplateError) in try LinkTemplate(source) } } catch {
            throw RuleError(rule: name, key: "link", error.description)
        }
        do { self.message = try Template(message) } catch {
            throw RuleError(rule: name, key: "message", error.description)
        }
    }

    private static func owner(_ source: String, field: String?, rule: String) throws(RuleError) -> OwnerSource {
        switch (source, field) {
        case ("authority", nil): return .authority
        case ("did", nil): return .did
        case ("project-record-field", let path?): return .projectRecordField(path)
        case ("project-record-field", nil):
            throw RuleError(
                rule: rule,
                key: "owner_field",
                "must name the field when owner_from is project-record-field"
            )
        case ("authority", _), ("did", _):
            throw RuleError(
                rule: rule,
                key: "owner_field",
                "has a meaning only when owner_from is project-record-field"
            )
        default:
            throw RuleError(
                rule: rule,
                key: "owner_from",
                "“\(source)” is none of authority, did, project-record-field"
            )
        }
    }

    private static func nsids(
        _ texts: [String],
        rule: String,
        key: String,
        mayBeEmpty: Bool
    ) throws(RuleError) -> [NSID] {
        guard mayBeEmpty || !texts.isEmpty else { throw RuleError(rule: rule, key: key, "must not be empty") }
        var out: [NSID] = []
        for text in texts {
            do { out.append(try NSID(text)) } catch { throw RuleError(rule: rule, key: key, error.description) }
        }
        return out
    }

    private static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
    }

    private static func check(_ path: String, rule: String, key: String) throws(RuleError) {
        let names = path.split(separator: ".", omittingEmptySubsequences: false)
        guard names.contains(where: \.isEmpty) else { return }
        throw RuleError(rule: rule, key: key, "“\(path)” is not a dotted path of member names")
    }
}
