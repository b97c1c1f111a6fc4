internal import ATProtocol
internal import Notifier
internal import Templates

/// A preview of a rule's message, for a given or an invented record.
struct TemplatePreview: Sendable {
    private let composer: Composer
    private let rule: Rule

    /// A preview of a rule of a configuration; nil when there is no such rule.
    ///
    /// - Parameters:
    ///   - name: the rule's name; nil for the first rule.
    ///   - configuration: the rules, and what surrounds their texts.
    init?(rule name: String?, of configuration: NotifierConfiguration) {
        guard let rule = configuration.rules.first(where: { name == nil || $0.name == name }) else { return nil }
        self.rule = rule
        composer = Composer(configuration: configuration)
    }

    /// The message about a number of requests with the same record.
    ///
    /// - Parameters:
    ///   - record: the change request; nil invents one that has a text in every field of the template.
    ///   - count: how many requests the message tells of.
    ///   - isFirst: whether it is the first message to its recipient.
    /// - Returns: the message.
    /// - Throws: ``Refusal``; in theory also `SyntaxError`.
    func message(for record: JSONValue? = nil, count: Int = 1, isFirst: Bool = false) throws -> ComposedMessage {
        let author = try DID("did:plc:abcdefghijklmnopqrstuvwx")
        let owner = try DID("did:plc:xwvutsrqponmlkjihgfedcba")
        let collection = Self.collection(rule.collections, else: "com.example.change.request")
        let project = Self.collection(rule.projectCollections, else: "com.example.project")
        let reference = ATURI(owner, project, try RecordKey("windmill"))
        let requests = try (1...max(1, count)).map { number in
            ChangeRequest(
                uri: ATURI(author, collection, try RecordKey("3lexample\(number)")),
                author: author,
                authorName: "alice.example.com",
                record: record ?? sample,
                reference: .record(reference),
                rule: rule.name,
                owner: owner,
                projectName: "Windmill"
            )
        }
        return try composer.compose(requests, marks: requests.map { _ in "preview222" }, isFirst: isFirst)
    }

    private static func collection(_ patterns: [CollectionPattern], else sample: StaticString) -> NSID {
        // For a namespace any of its collections will do.
        patterns.first.flatMap { $0.collection ?? (try? NSID("\($0.beginning)sample")) } ?? NSID(known: sample)
    }

    private var sample: JSONValue {
        var value = JSONValue.object([:])
        for case .record(let path) in rule.message.fields {
            value = path.setting(.string("(\(path))"), in: value)
        }
        return value
    }
}
