internal import ATProtocol
internal import Network
internal import Notifier

/// One rule as written in a configuration; docs/rules.md describes the keys.
struct RuleSection {
    /// Nil when the rule cannot be used; the problem is recorded.
    let rule: Rule?

    init(_ section: ConfigurationSection, allowsLoopback: Bool) {
        let name = section.required("name", expected: "a name") { $0 }
        let message = section.required("message", expected: "the template of the message") { $0 }
        var text = RuleText(
            name: name ?? "",
            collections: section.texts("collections"),
            references: Self.references(section, accepts: RuleText.References([]).accepts),
            message: message ?? ""
        )
        text.exceptions = section.texts("except")
        text.conditions = section.sections("when").compactMap(Self.condition)
        text.operations = section.texts("operations", default: text.operations)
        text.hops = section.sections("hops").map { hop in
            (hop.texts("through"), Self.references(hop, accepts: text.references.accepts))
        }
        text.maximumProjects = section.integer("maximum_projects", default: text.maximumProjects, in: 1...50)
        text.projectCollections = section.texts("project_collections")
        text.ownerFrom = section.text("owner_from", default: text.ownerFrom)
        text.ownerField = section.optionalText("owner_field")
        let index = section.section("index")
        text.index = Self.index(index)
        text.tell = section.texts("tell", default: text.tell)
        text.maximumPeople = section.integer("maximum_people", default: text.maximumPeople, in: 1...100)
        text.collaborators = Self.collaborators(section.section("collaborators"))
        text.subscribers = Self.subscribers(section.section("subscribers"))
        text.groupCollections = section.texts("group_collections")
        text.projectNamePath = section.text("project_name_path", default: text.projectNamePath)
        text.requiresProjectRecord = section.flag("require_project_record", default: text.requiresProjectRecord)
        text.silence = section.value(
            "silence",
            default: text.silence,
            expected: "a duration from 1h to 60d, or off",
            show: { $0.map(DurationText.format) ?? "off" }
        ) { text -> Duration?? in
            if text == "off" { return .some(nil) }
            guard let silence = DurationText.parse(text), Self.silences.contains(silence) else { return .none }
            return .some(silence)
        }
        text.link = section.optionalText("link")
        let (read, mistakes) = Rule.reading(text)
        // A value that could not even be read has no other mistakes reported.
        let new = mistakes.filter { mistake in
            !section.hasProblem(at: mistake.key) && !(mistake.key.hasPrefix("hops") && section.hasProblem(at: "hops"))
        }
        for mistake in new { section.flag(at: mistake.key, mistake.reason) }
        guard let read, name != nil, message != nil, text.index != nil || !index.isPresent else {
            rule = nil
            return
        }
        Self.check(read, section, allowsLoopback)
        rule = read
    }

    /// Checks what is valid in a rule but cannot be used in this configuration.
    private static func check(_ rule: Rule, _ section: ConfigurationSection, _ allowsLoopback: Bool) {
        if rule.isBlank {
            section.flag("message", "says nothing, whatever the record holds; write what owners are to read")
        }
        if rule.isLinkTooLong { section.flag("link", "is longer than \(Rule.maximumLink) characters") }
        for (key, address) in rule.indexAddresses {
            let objection = ServiceAddress(address.description, allowsLoopback: allowsLoopback).objection
            if let objection { section.flag(at: key, "\(objection); it must be https://") }
        }
    }

    private static let silences = Duration.seconds(3600) ... .seconds(60 * 86_400)

    private static func references(_ section: ConfigurationSection, accepts: [String]) -> RuleText.References {
        RuleText.References(section.texts("reference_paths"), accepts: section.texts("accepts", default: accepts))
    }

    private static func condition(_ section: ConfigurationSection) -> (field: String, test: Condition.Test)? {
        let field = section.required("field", expected: "the path of a field") { $0 }
        var tests: [Condition.Test] = []
        if let value = section.json("equals") { tests.append(.isOneOf([value])) }
        if let values = section.json("one_of") { tests.append(.isOneOf(values.array ?? [values])) }
        if let exists = section.optional("exists", expected: "true or false", parse: { $0 }) {
            guard ["true", "false"].contains(exists) else {
                section.flag("exists", "expected true or false")
                return nil
            }
            tests.append(exists == "true" ? .exists : .isAbsent)
        }
        guard let test = tests.first, tests.count == 1 else {
            section.flag("field", "a condition has exactly one of equals, one_of and exists")
            return nil
        }
        if case .isOneOf(let values) = test, values.isEmpty || values.contains(where: { !$0.isComparable }) {
            section.flag(
                "field",
                "is compared with texts, whole numbers, true and false; exists: false asks for what is absent or null"
            )
            return nil
        }
        return field.map { ($0, test) }
    }

    private static func index(_ section: ConfigurationSection) -> RuleText.Index? {
        guard section.isPresent else { return nil }
        let query = section.required("query", expected: "an https:// URL with {{reference}} in it") { $0 }
        let record = section.required("record", expected: "where the AT-URI stands in the answer") { $0 }
        let field = section.required("confirmed_by", expected: "the field of the owner's record that confirms it") {
            $0
        }
        let collections = section.texts("collections")
        guard let query, let record, let field else { return nil }
        return RuleText.Index(query: query, recordPath: record, confirmingPath: field, collections: collections)
    }

    private static func collaborators(_ section: ConfigurationSection) -> RuleText.Collaborators? {
        guard section.isPresent else { return nil }
        var text = RuleText.Collaborators(references: references(section, accepts: ["at-uri", "did"]))
        text.query = section.optionalText("query")
        text.people = section.optionalText("people")
        text.grants = section.texts("granted_by")
        text.acceptances = section.texts("accepted_by")
        text.person = section.text("person", default: text.person)
        return text
    }

    private static func subscribers(_ section: ConfigurationSection) -> RuleText.Subscribers? {
        guard section.isPresent else { return nil }
        return RuleText.Subscribers(
            collections: section.texts("collections"),
            references: references(section, accepts: ["union", "at-uri", "did"]),
            only: section.optionalText("only")
        )
    }
}

extension JSONValue {
    fileprivate var isComparable: Bool {
        switch self {
        case .string, .integer, .bool: true
        case .null, .number, .array, .object: false
        }
    }
}

extension ConfigurationSection {
    fileprivate func texts(_ key: String, default fallback: [String] = []) -> [String] {
        list(key, default: fallback, expected: "a text") { $0 }
    }

    fileprivate func optionalText(_ key: String) -> String? { optional(key, expected: "a text") { $0 } }
}
