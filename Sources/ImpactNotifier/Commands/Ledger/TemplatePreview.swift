internal import ATProtocol
internal import Notifier
internal import Templates

/// What a rule's message would look like, for a record that is given or made up.
struct TemplatePreview: Sendable {
    private let composer: Composer
    private let rule: Rule

    /// A preview of a rule of a configuration; nil when there is no such rule.
    ///
    /// - Parameters:
    ///   - name: the rule's name; nil for the first.
    ///   - configuration: the rules and what surrounds their texts.
    init?(rule name: String?, of configuration: NotifierConfiguration) {
        guard let rule = configuration.rules.first(where: { name == nil || $0.name == name }) else { return nil }
        self.rule = rule
        composer = Composer(configuration: configuration)
    }

    /// The message about so many requests of one record.
    ///
    /// - Parameters:
    ///   - record: the change request; nil makes one up in which every field that the template names has a text.
    ///   - count: how many requests the message speaks of.
    ///   - isFirst: whether it is the first to its recipient.
    /// - Returns: the message.
    /// - Throws: ``Refusal``, or `SyntaxError` never in practice.
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
        // Of a namespace any collection is as good.
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
