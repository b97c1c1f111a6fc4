internal import ATProtocol
internal import Firehose
internal import Network
internal import Templates

/// Reads a rule of the configuration, and finds every mistake in it, not only the first.
struct RuleReader {
    private let text: RuleText
    /// The mistakes, in the order of the keys.
    private(set) var mistakes: [RuleError] = []
    /// The rule; nil when there are mistakes.
    private(set) var rule: Rule?

    init(_ text: RuleText) {
        self.text = text
        rule = read()
    }

    private mutating func wrong(_ key: String, _ problem: String) {
        mistakes.append(RuleError(rule: text.name, key: key, reason: problem))
    }

    private func isRight(_ key: String) -> Bool { !mistakes.contains { $0.key == key } }

    private mutating func read() -> Rule? {
        if !Self.isName(text.name) { wrong("name", "must be 1 to 64 letters, digits, - or _") }
        let required = [
            ("collections", text.collections), ("operations", text.operations),
            ("reference_paths", text.references.paths), ("accepts", text.references.accepts),
        ]
        for (key, values) in required where values.isEmpty { wrong(key, "must not be empty") }
        let collections: [CollectionPattern] = parsed("collections", text.collections)
        let projectCollections: [CollectionPattern] = parsed("project_collections", text.projectCollections)
        let groupCollections: [CollectionPattern] = parsed("group_collections", text.groupCollections)
        let exceptions: [CollectionPattern] = parsed("except", text.exceptions)
        checkExceptions(exceptions, collections)
        let operations = operations()
        var conditions: [Condition] = []
        for condition in text.conditions {
            guard let path = path("when", condition.field) else { continue }
            conditions.append(Condition(path: path, test: condition.test))
        }
        let references = reader("", text.references)
        let hops = hops()
        let projectNamePath = path("project_name_path", text.projectNamePath)
        let owner = owner(projectCollections)
        switch owner {
        case .authority, .projectRecordField: checkForms(references, hops)
        case .did, .index, nil: break
        }
        let recipients = recipients()
        let collaborators = text.collaborators.flatMap { self.collaborators($0) }
        let subscribers = text.subscribers.flatMap { self.subscribers($0) }
        let link = link()
        let message = message()
        guard mistakes.isEmpty, let projectNamePath, let owner, let message else { return nil }
        return Rule(
            name: text.name,
            collections: collections,
            exceptions: exceptions,
            conditions: conditions,
            operations: operations,
            references: references,
            hops: hops,
            maximumProjects: text.maximumProjects,
            projectCollections: projectCollections,
            owner: owner,
            recipients: recipients,
            collaborators: collaborators,
            subscribers: subscribers,
            maximumPeople: text.maximumPeople,
            groupCollections: groupCollections,
            projectNamePath: projectNamePath,
            requiresProjectRecord: text.requiresProjectRecord,
            silence: text.silence,
            link: link,
            message: message
        )
    }

    // MARK: Values

    private mutating func parsed<Value: SyntaxValue>(_ key: String, _ texts: [String]) -> [Value] {
        var values: [Value] = []
        for text in texts {
            do throws(SyntaxError) { values.append(try Value(text)) } catch { wrong(key, error.description) }
        }
        return values
    }

    private mutating func path(_ key: String, _ text: String) -> FieldPath? {
        let paths: [FieldPath] = parsed(key, [text])
        return paths.first
    }

    private mutating func reader(_ place: String, _ text: RuleText.References) -> ReferenceReader {
        var forms: Set<ReferenceReader.Form> = []
        for text in text.accepts {
            if let form = ReferenceReader.Form(rawValue: text) {
                forms.insert(form)
            } else {
                let known = ReferenceReader.Form.allCases.map(\.rawValue).joined(separator: ", ")
                wrong(place + "accepts", "'\(text)' is none of \(known)")
            }
        }
        return ReferenceReader(paths: parsed(place + "reference_paths", text.paths), accepts: forms)
    }

    // MARK: Keys

    private mutating func checkExceptions(_ exceptions: [CollectionPattern], _ collections: [CollectionPattern]) {
        guard isRight("collections"), isRight("except") else { return }
        for exception in exceptions where !collections.contains(where: { $0.covers(exception) }) {
            wrong("except", "\(exception) is not among the collections")
        }
        if collections.allSatisfy({ one in exceptions.contains { $0.covers(one) } }) {
            wrong("except", "leaves none of the collections")
        }
    }

    private mutating func operations() -> Set<StreamEvent.Commit.Operation> {
        var operations: Set<StreamEvent.Commit.Operation> = []
        for text in text.operations {
            if let operation = StreamEvent.Commit.Operation(rawValue: text), operation != .delete {
                operations.insert(operation)
            } else {
                wrong("operations", "'\(text)' is neither create nor update")
            }
        }
        return operations
    }

    private mutating func hops() -> [Rule.Hop] {
        if text.hops.count > Rule.maximumHops { wrong("hops", "there are more than \(Rule.maximumHops)") }
        var hops: [Rule.Hop] = []
        for (index, hop) in text.hops.enumerated() {
            if hop.collections.isEmpty { wrong("hops", "each needs the collections that it goes through") }
            if hop.references.paths.isEmpty { wrong("hops", "each needs reference_paths") }
            let collections: [CollectionPattern] = parsed("hops[\(index)].through", hop.collections)
            hops.append(Rule.Hop(collections: collections, references: reader("hops[\(index)].", hop.references)))
        }
        return hops
    }

    private mutating func owner(_ projectCollections: [CollectionPattern]) -> OwnerSource? {
        switch (text.ownerFrom, text.ownerField, text.index) {
        case ("authority", nil, nil): return .authority
        case ("did", nil, nil): return .did
        case ("project-record-field", let field?, nil):
            guard let path = path("owner_field", field) else { return nil }
            if path.isPlural { wrong("owner_field", "must name one value: write [0] or a name in place of [*]") }
            return .projectRecordField(path)
        case ("project-record-field", nil, _):
            wrong("owner_field", "must name the field when owner_from is project-record-field")
        case ("index", nil, let index?): return indexed(index, projectCollections)
        case ("index", nil, nil): wrong("index", "is required when owner_from is index: it says whom to ask")
        case ("authority", _?, _), ("did", _?, _), ("index", _?, _):
            wrong("owner_field", "has a meaning only when owner_from is project-record-field")
        case ("authority", _, _?), ("did", _, _?), ("project-record-field", _, _?):
            wrong("index", "has a meaning only when owner_from is index")
        default:
            wrong("owner_from", "'\(text.ownerFrom)' is none of authority, did, project-record-field, index")
        }
        return nil
    }

    private mutating func indexed(_ index: RuleText.Index, _ projectCollections: [CollectionPattern]) -> OwnerSource? {
        if projectCollections.isEmpty, isRight("project_collections") {
            wrong("project_collections", "with owner_from index, must name those of the records that confirm it")
        }
        let (record, field) = (path("index", index.recordPath), path("index", index.confirmingPath))
        let collections: [CollectionPattern] = parsed("index", index.collections)
        guard let record, let field else { return nil }
        return query("index", index.query).map {
            .index(OwnerIndex(query: $0, recordPath: record, confirmingPath: field, collections: collections))
        }
    }

    private mutating func query(_ key: String, _ text: String) -> ReferenceQuery? {
        do { return try ReferenceQuery(text) } catch {
            wrong(key, "its query \(error.reason)")
            return nil
        }
    }

    private mutating func recipients() -> Set<RecipientRole> {
        if text.tell.isEmpty { wrong("tell", "must not be empty") }
        var roles: Set<RecipientRole> = []
        for name in text.tell {
            if let role = RecipientRole.allCases.first(where: { $0.plural == name }) {
                roles.insert(role)
            } else {
                let known = RecipientRole.allCases.map(\.plural).joined(separator: ", ")
                wrong("tell", "'\(name)' is none of \(known)")
            }
        }
        guard isRight("tell") else { return roles }
        for (role, isWritten) in [
            (RecipientRole.collaborator, text.collaborators != nil),
            (RecipientRole.subscriber, text.subscribers != nil),
        ] where roles.contains(role) != isWritten {
            wrong(
                role.plural,
                isWritten
                    ? "has a meaning only when tell names \(role.plural)" : "says where they stand whom tell names"
            )
        }
        return roles
    }

    private mutating func collaborators(_ text: RuleText.Collaborators) -> CollaboratorSource? {
        let key = RecipientRole.collaborator.plural
        var index: CollaboratorSource.Index?
        switch (text.query, text.people) {
        case (let address?, let people?):
            if let query = query(key, address), let path = path(key, people) {
                index = CollaboratorSource.Index(query: query, path: path)
            }
        case (nil, nil): break
        default: wrong(key, "query says whom to ask, and people where in the answer their DIDs stand: both or none")
        }
        if text.grants.isEmpty, text.acceptances.isEmpty || text.query == nil {
            wrong(key, "must say which records confirm them: granted_by, or query and accepted_by")
        }
        if text.references.paths.isEmpty { wrong(key, "needs reference_paths, where the records name the project") }
        let grants: [NSID] = parsed(key, text.grants)
        let acceptances: [NSID] = parsed(key, text.acceptances)
        let projects = reader(key + ".", text.references)
        guard let person = path(key, text.person) else { return nil }
        return CollaboratorSource(
            index: index,
            grants: grants,
            acceptances: acceptances,
            personPath: person,
            projects: projects
        )
    }

    private mutating func subscribers(_ text: RuleText.Subscribers) -> SubscriberSource? {
        let key = RecipientRole.subscriber.plural
        if text.collections.isEmpty { wrong(key, "needs the collections of their records") }
        if text.references.paths.isEmpty { wrong(key, "needs reference_paths, where the records name the project") }
        let collections: [NSID] = parsed(key, text.collections)
        let subjects = reader(key + ".", text.references)
        let only = text.only.flatMap { path(key, $0) }
        return SubscriberSource(collections: collections, subjects: subjects, onlyPath: only)
    }

    private mutating func checkForms(_ references: ReferenceReader, _ hops: [Rule.Hop]) {
        let problem = "a did names no owner unless owner_from is did or index"
        if references.accepts.contains(.did) { wrong("accepts", problem) }
        if hops.contains(where: { $0.references.accepts.contains(.did) }), !references.accepts.contains(.did) {
            wrong("hops", problem)
        }
    }

    private mutating func link() -> LinkTemplate? {
        guard let source = text.link else { return nil }
        do { return try LinkTemplate(source) } catch {
            wrong("link", error.description)
            return nil
        }
    }

    private mutating func message() -> Template? {
        guard !PlainText.sanitize(text.message).isEmpty else {
            wrong("message", "must not be empty")
            return nil
        }
        do { return try Template(text.message) } catch {
            wrong("message", error.description)
            return nil
        }
    }

    private static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
    }
}
