public import ATProtocol
internal import Templates

/// A record that somebody wrote about somebody's project, with what a message needs to know about it.
public struct ChangeRequest: Sendable, Equatable {
    /// The record.
    public let uri: ATURI
    public let author: DID
    /// The author's handle, verified in both directions; nil when unknown.
    public let authorName: String?
    /// Its content, abridged.
    public let record: JSONValue
    /// What it refers to.
    public let reference: ProjectReference
    /// The name of the rule that matched.
    public let rule: String
    /// The recipient: the project's owner or another person who is told.
    public let owner: DID
    /// The project's name; nil when unknown.
    public let projectName: String?
    /// The recipient's role in the project.
    public let role: RecipientRole

    public init(
        uri: ATURI,
        author: DID,
        authorName: String?,
        record: JSONValue,
        reference: ProjectReference,
        rule: String,
        owner: DID,
        projectName: String?,
        role: RecipientRole = .owner
    ) {
        self.uri = uri
        self.author = author
        self.authorName = authorName
        self.record = record
        self.reference = reference
        self.rule = rule
        self.owner = owner
        self.projectName = projectName
        self.role = role
    }

    /// The project's name in messages.
    var projectTitle: String { reference.title(named: projectName) }

    /// The value of a template's field for one request.
    func value(of field: TemplateField, count: Int = 1) -> TemplateValue? {
        switch field {
        case .record(let path): record.shown(at: path).map(TemplateValue.text)
        case .known(.count): .number(count)
        case .known(let known): text(of: known).map(TemplateValue.text)
        }
    }

    private func text(of field: TemplateField.Known) -> String? {
        switch field {
        case .authorDID: author.text
        case .authorName: authorName ?? author.text
        case .ownerDID: owner.text
        case .projectName: projectTitle
        case .projectURI: reference.description
        case .projectDID: project?.did?.text ?? (role == .owner ? owner.text : reference.authority)
        case .projectCollection: project?.collection?.text
        case .projectRecordKey: project?.recordKey?.text
        case .requestURI: uri.text
        case .requestCollection: uri.collection?.text
        case .requestRecordKey: uri.recordKey?.text
        case .ruleName: rule
        case .count: nil
        }
    }

    private var project: ATURI? {
        guard case .record(let uri) = reference else { return nil }
        return uri
    }
}

extension JSONValue {
    /// The texts, numbers and truth values at a path; a list's are separated by commas; nil when there are none.
    ///
    /// For a list of objects it gives their number, so that a field that names a list always shows something.
    fileprivate func shown(at path: FieldPath) -> String? {
        let values = path.values(in: self).flatMap { $0.array ?? [$0] }
        let texts = values.compactMap(\.scalarText).filter { !$0.isEmpty }
        let isList = path.isPlural || path.values(in: self).contains { $0.array != nil }
        guard texts.isEmpty, isList, !values.isEmpty else { return texts.isEmpty ? nil : texts.joined(separator: ", ") }
        return values.count == 1 ? "1 entry" : "\(values.count) entries"
    }
}
