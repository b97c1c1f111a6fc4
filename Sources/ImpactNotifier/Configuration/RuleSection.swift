internal import Notifier

/// One rule as it is written in a configuration; the keys are described in `config/rules`.
struct RuleSection {
    /// Nil when the rule cannot be used; the problem is recorded.
    let rule: Rule?

    init(_ section: ConfigurationSection) {
        func texts(_ key: String, default fallback: [String] = []) -> [String] {
            section.list(key, default: fallback, expected: "a text") { $0 }
        }
        func optional(_ key: String) -> String? { section.optional(key, expected: "a text") { $0 } }
        let name = section.required("name", expected: "a name") { $0 }
        let message = section.required("message", expected: "the template of the message") { $0 }
        let collections = texts("collections")
        let operations = texts("operations", default: ["create"])
        let referencePaths = texts("reference_paths")
        let accepts = texts("accepts", default: ["at-uri", "strong-ref"])
        let projectCollections = texts("project_collections")
        let ownerFrom = section.text("owner_from", default: "authority")
        let ownerField = optional("owner_field")
        let projectNamePath = section.text("project_name_path", default: "name")
        let requiresProjectRecord = section.flag("require_project_record", default: false)
        let link = optional("link")
        guard let name, let message else {
            rule = nil
            return
        }
        do {
            rule = try Rule(
                name: name,
                collections: collections,
                operations: operations,
                referencePaths: referencePaths,
                accepts: accepts,
                projectCollections: projectCollections,
                ownerFrom: ownerFrom,
                ownerField: ownerField,
                projectNamePath: projectNamePath,
                requiresProjectRecord: requiresProjectRecord,
                link: link,
                message: message
            )
        } catch {
            section.flag(error.key, error.reason)
            rule = nil
        }
    }
}
