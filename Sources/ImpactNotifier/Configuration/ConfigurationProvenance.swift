/// What reading a configuration has found: every problem, and for each value where it came from.
///
/// It is a class because the sections of one document share it; one task uses it, and nobody keeps it.
final class ConfigurationProvenance {
    /// One value in force.
    struct Entry: Sendable {
        /// The dotted path.
        var key: String
        /// The value as text.
        var value: String
        /// `default`, `FILE:LINE` or the name of an environment variable.
        var origin: String
    }

    /// The environment, for overrides.
    let environment: [String: String]
    private(set) var issues: [ConfigurationIssue] = []
    private(set) var warnings: [ConfigurationIssue] = []
    private(set) var entries: [Entry] = []
    private var usedVariables: Set<String> = []

    /// The prefix of every override; the path of the key follows.
    static let variablePrefix = "IMPACT_NOTIFIER_"

    init(environment: [String: String]) { self.environment = environment }

    func add(_ issue: ConfigurationIssue, isWarning: Bool = false) {
        if isWarning { warnings.append(issue) } else { issues.append(issue) }
    }

    func add(_ key: String, _ value: String, from origin: String) {
        entries.append(Entry(key: key, value: value, origin: origin))
    }

    /// The variable that overrides a scalar, such as `IMPACT_NOTIFIER_STREAM_COALESCE`; nil when it is not set.
    func override(of key: String) -> (name: String, value: String)? {
        let name = Self.variablePrefix + key.uppercased().map { $0 == "." || $0 == "-" ? "_" : $0 }
        guard let value = environment[name] else { return nil }
        usedVariables.insert(name)
        return (name, value)
    }

    /// Reports variables with our prefix that no key has asked for, as typing errors.
    ///
    /// Variables that an orchestrator sets are left out: Kubernetes describes a service of our name by
    /// `IMPACT_NOTIFIER_SERVICE_HOST`, `…_PORT_9464_TCP` and the like.
    ///
    /// - Parameter others: names that are used elsewhere, such as the path of the configuration itself.
    func flagUnusedVariables(except others: Set<String> = []) {
        let unknown = environment.keys.filter { $0.hasPrefix(Self.variablePrefix) }
        for name in unknown.sorted() where !usedVariables.contains(name) && !others.contains(name) {
            let key = name.dropFirst(Self.variablePrefix.count)
            if key == "PORT" || key.hasPrefix("PORT_") || key.hasPrefix("SERVICE_") { continue }
            let message = "no key of the configuration is overridden by this environment variable; remove it"
            add(ConfigurationIssue(source: name, place: nil, key: "", message: message))
        }
    }
}
