internal import ATProtocol
internal import Yams

/// A mapping of a YAML document, read key by key; a key that nobody asks for is an error.
///
/// No method throws. A problem is recorded with its place and the default is returned, so that an operator sees all
/// problems at once.
final class ConfigurationSection {
    private let provenance: ConfigurationProvenance
    private let file: String
    private let path: String
    private let mapping: Node.Mapping?
    private let mark: Mark?
    private var asked: Set<String> = []
    private var children: [ConfigurationSection] = []

    /// A section.
    ///
    /// - Parameters:
    ///   - node: a mapping; nil when the section is absent and everything has its default.
    ///   - path: dotted path of the section, empty for the document.
    ///   - file: for error messages.
    ///   - provenance: takes problems and origins.
    init(_ node: Node?, path: String, file: String, provenance: ConfigurationProvenance) {
        self.path = path
        self.file = file
        self.provenance = provenance
        mapping = node?.mapping
        mark = path.isEmpty ? nil : node?.mark
        if let node, node.mapping == nil, !Self.isNull(node) {
            flag(node, path, "expected a mapping of keys, found \(Self.kind(of: node))")
        }
    }

    /// Whether the document has this section.
    var isPresent: Bool { mapping != nil }

    /// Whether a key is written or overridden, with any value.
    func has(_ key: String) -> Bool {
        provenance.override(of: full(key)) != nil || mapping?[key].map { !Self.isNull($0) } ?? false
    }

    /// Whether something is wrong with the value at a dotted path from here, or with what contains it or is in it.
    func hasProblem(at path: String) -> Bool {
        let key = full(path)
        func isIn(_ inner: String, _ outer: String) -> Bool {
            inner == outer || inner.hasPrefix(outer + ".") || inner.hasPrefix(outer + "[")
        }
        return provenance.issues.contains { issue in
            let isHere = issue.source == file || issue.source.hasPrefix(ConfigurationProvenance.variablePrefix)
            return isHere && !issue.key.isEmpty && (isIn(issue.key, key) || isIn(key, issue.key))
        }
    }

    /// The number of problems so far, in the whole configuration.
    var problemCount: Int { provenance.issues.count }

    // MARK: Scalars

    /// A scalar as a value.
    ///
    /// - Parameters:
    ///   - key: within this section.
    ///   - fallback: used when the key is absent or its value is wrong.
    ///   - expected: what the value should be, for the error message: `a duration such as 10s`.
    ///   - show: how the value is printed. A path to a secret may be printed; a configuration never has the secret
    ///     itself.
    ///   - objection: what is wrong with a text that is no such value; nil when nothing special is known.
    ///   - parse: nil when the text is no such value.
    /// - Returns: the value, or the fallback when there is none.
    func value<Value>(
        _ key: String,
        default fallback: Value,
        expected: String,
        show: (Value) -> String = { "\($0)" },
        objection: (String) -> String? = { _ in nil },
        parse: (String) -> Value?
    ) -> Value {
        let (text, origin, node) = scalar(key)
        guard let text else {
            provenance.add(full(key), show(fallback), from: "default")
            return fallback
        }
        guard let value = parse(text) else {
            flag(node, full(key), Self.mistake(text, expected, objection), origin: origin)
            return fallback
        }
        provenance.add(full(key), show(value), from: origin)
        return value
    }

    /// A scalar that may be absent.
    func optional<Value>(
        _ key: String,
        expected: String,
        objection: (String) -> String? = { _ in nil },
        parse: (String) -> Value?
    ) -> Value? {
        value(key, default: nil, expected: expected, show: { $0.map { "\($0)" } ?? "" }, objection: objection) {
            parse($0).map(Optional.some)
        }
    }

    /// A scalar that must be present.
    func required<Value>(
        _ key: String,
        expected: String,
        objection: (String) -> String? = { _ in nil },
        parse: (String) -> Value?
    ) -> Value? {
        let before = provenance.issues.count
        let value = optional(key, expected: expected, objection: objection, parse: parse)
        if value == nil, provenance.issues.count == before {
            flag(nil, full(key), "this key is required: \(expected)")
        }
        return value
    }

    func text(_ key: String, default fallback: String) -> String {
        value(key, default: fallback, expected: "a text") { $0 }
    }

    func flag(_ key: String, default fallback: Bool) -> Bool {
        value(key, default: fallback, expected: "true or false") { ["true": true, "false": false][$0.lowercased()] }
    }

    func integer(_ key: String, default fallback: Int, in range: ClosedRange<Int>) -> Int {
        value(key, default: fallback, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)") {
            Int($0).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    func duration(_ key: String, default fallback: Duration, in range: ClosedRange<Duration>) -> Duration {
        let limits = "from \(DurationText.format(range.lowerBound)) to \(DurationText.format(range.upperBound))"
        return value(
            key,
            default: fallback,
            expected: "a duration such as 10s, 500ms, 2h or 7d, \(limits)",
            show: DurationText.format
        ) { DurationText.parse($0).flatMap { range.contains($0) ? $0 : nil } }
    }

    /// One of the words of an enumeration.
    func choice<Value: RawRepresentable & CaseIterable>(_ key: String, default fallback: Value) -> Value
    where Value.RawValue == String {
        let words = Value.allCases.map(\.rawValue).joined(separator: ", ")
        return value(key, default: fallback, expected: "one of \(words)", show: \.rawValue) { Value(rawValue: $0) }
    }

    // MARK: Lists and sections

    /// A list of scalars, or a single one; an override separates them by commas.
    ///
    /// `section` reads mappings in place of scalars; without it they are an error.
    func list<Value>(
        _ key: String,
        default fallback: [Value],
        expected: String,
        objection: (String) -> String? = { _ in nil },
        section: ((ConfigurationSection) -> Value?)? = nil,
        parse: (String) -> Value?
    ) -> [Value] {
        asked.insert(key)
        if let override = provenance.override(of: full(key)) {
            if section != nil, mapping?[key]?.sequence?.contains(where: { $0.mapping != nil }) ?? false {
                flag(nil, full(key), "it hides entries of the file that have terms of their own", origin: override.name)
            }
            let texts = override.value.split(separator: ",").map { Self.trimmed(String($0)) }
            let values = texts.compactMap(parse)
            if values.count == texts.count {
                provenance.add(full(key), texts.joined(separator: ", "), from: override.name)
                return values
            }
            for text in texts where parse(text) == nil {
                let mistake = Self.mistake(text, "\(expected), separated by commas", objection)
                flag(nil, full(key), mistake, origin: override.name)
            }
            return fallback
        }
        guard let node = mapping?[key], !Self.isNull(node) else {
            provenance.add(full(key), fallback.map { "\($0)" }.joined(separator: ", "), from: "default")
            return fallback
        }
        let nodes = node.sequence.map(Array.init) ?? [node]
        let values = nodes.enumerated().compactMap { index, element -> Value? in
            let name = node.sequence == nil ? full(key) : "\(full(key))[\(index)]"
            if let section, element.mapping != nil {
                let child = ConfigurationSection(element, path: name, file: file, provenance: provenance)
                children.append(child)
                return section(child)
            }
            guard let text = element.scalar?.string else {
                flag(element, name, "expected \(expected), found \(Self.kind(of: element))")
                return nil
            }
            guard let value = parse(text) else {
                flag(element, name, Self.mistake(text, expected, objection))
                return nil
            }
            return value
        }
        provenance.add(full(key), values.map { "\($0)" }.joined(separator: ", "), from: origin(of: node))
        return values
    }

    /// Any value, as JSON; nil when the key is absent.
    func json(_ key: String) -> JSONValue? {
        asked.insert(key)
        guard let node = mapping?[key] else { return nil }
        guard let value = JSONValue(node) else {
            flag(node, full(key), "expected what JSON can hold")
            return nil
        }
        return value
    }

    /// The section below a key; absent keys give a section of defaults.
    func section(_ key: String) -> ConfigurationSection {
        asked.insert(key)
        let child = ConfigurationSection(mapping?[key], path: full(key), file: file, provenance: provenance)
        children.append(child)
        return child
    }

    /// The sections of a list.
    func sections(_ key: String) -> [ConfigurationSection] {
        asked.insert(key)
        guard let node = mapping?[key], !Self.isNull(node) else { return [] }
        guard let sequence = node.sequence else {
            flag(node, full(key), "expected a list, found \(Self.kind(of: node))")
            return []
        }
        let sections = sequence.enumerated().map { index, element in
            ConfigurationSection(element, path: "\(full(key))[\(index)]", file: file, provenance: provenance)
        }
        children.append(contentsOf: sections)
        return sections
    }

    // MARK: Problems

    /// Records a problem with the value of a key that only a later check can find.
    ///
    /// - Parameters:
    ///   - key: within this section; for a list's element with its number, `hosts[1]`.
    ///   - message: what is wrong, and what would be right.
    ///   - isWarning: whether the daemon can begin all the same.
    func flag(_ key: String, _ message: String, isWarning: Bool = false) {
        let origin = provenance.override(of: full(key))?.name ?? ""
        flag(node(of: key), full(key), message, origin: origin, isWarning: isWarning)
    }

    /// Records a problem with the value of a key in a section below, such as `sending.retention`.
    func flag(at path: String, _ message: String) {
        guard let (child, rest) = below(path) else { return flag(path, message) }
        child.flag(at: rest, message)
    }

    /// Whether a key in a section below is written or overridden.
    func has(at path: String) -> Bool {
        guard let (child, rest) = below(path) else { return has(path) }
        return child.has(at: rest)
    }

    /// The section to which a path leads, and the rest of the path; nil when the key is in this section.
    private func below(_ path: String) -> (child: ConfigurationSection, rest: String)? {
        guard let dot = path.firstIndex(of: ".") else { return nil }
        let name = String(path[..<dot])
        let node = node(of: name).flatMap { $0.mapping == nil ? nil : $0 }
        let child = ConfigurationSection(node, path: full(name), file: file, provenance: provenance)
        return (child, String(path[path.index(after: dot)...]))
    }

    private func node(of key: String) -> Node? {
        guard let bracket = key.firstIndex(of: "["), let number = Int(key[key.index(after: bracket)...].dropLast())
        else {
            return mapping?[key]
        }
        let node = mapping?[String(key[..<bracket])]
        guard let sequence = node?.sequence, sequence.indices.contains(number) else { return node }
        return sequence[number]
    }

    private static func mistake(_ text: String, _ expected: String, _ objection: (String) -> String?) -> String {
        let found = "expected \(expected), found '\(quoted(text))'"
        return objection(text).map { "\(found): \($0)" } ?? found
    }

    /// How a wrong value is shown: an address without query and password, which may be secret.
    private static func quoted(_ text: String) -> String {
        let head = text.prefix { $0 != "?" && $0 != "#" }
        let rest = head.endIndex < text.endIndex ? "…" : ""
        guard let at = text.lastIndex(of: "@") else { return head.prefix(80) + rest }
        // A password may have any character: nothing before the last @ is shown except a scheme, and nothing after a ?
        // or #.
        let scheme = text.firstRange(of: "://").flatMap { $0.upperBound <= at ? text[..<$0.upperBound] : nil } ?? ""
        let place = at < head.endIndex ? head[at...] : ""
        return scheme.prefix(20) + "…" + place.prefix(80) + rest
    }

    /// Reports every key that nobody has asked for, here and below.
    func flagUnknownKeys() {
        for (name, _) in mapping ?? [:] {
            guard let key = name.string, !asked.contains(key) else { continue }
            let near = EditDistance.nearest(to: key, in: asked)
            let hint = near.map { "did you mean '\($0)'?" } ?? "known keys: \(asked.sorted().joined(separator: ", "))"
            flag(name, full(key), "unknown key; \(hint)")
        }
        for child in children { child.flagUnknownKeys() }
    }

    private func flag(
        _ node: Node?,
        _ key: String,
        _ message: String,
        origin: String? = nil,
        isWarning: Bool = false
    ) {
        let source = origin?.hasPrefix(ConfigurationProvenance.variablePrefix) == true ? origin : nil
        // For a missing key the section's place is the best one.
        let mark = source == nil ? node?.mark ?? mark : nil
        let place = mark.map { ConfigurationIssue.Place(line: $0.line, column: $0.column) }
        let issue = ConfigurationIssue(source: source ?? file, place: place, key: key, message: message)
        provenance.add(issue, isWarning: isWarning)
    }

    private func scalar(_ key: String) -> (text: String?, origin: String, node: Node?) {
        asked.insert(key)
        if let override = provenance.override(of: full(key)) { return (override.value, override.name, nil) }
        guard let node = mapping?[key], !Self.isNull(node) else { return (nil, "default", nil) }
        guard let scalar = node.scalar else {
            flag(node, full(key), "expected a single value, found \(Self.kind(of: node))")
            return (nil, "default", nil)
        }
        return (scalar.string, origin(of: node), node)
    }

    private func full(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    private func origin(of node: Node) -> String { node.mark.map { "\(file):\($0.line)" } ?? file }

    private static func isNull(_ node: Node) -> Bool {
        guard let scalar = node.scalar, scalar.style == .plain else { return false }
        return ["", "~", "null"].contains(scalar.string)
    }

    private static func kind(of node: Node) -> String {
        switch node {
        case .scalar(let scalar): "'\(quoted(scalar.string))'"
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }

    private static func trimmed(_ text: String) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
