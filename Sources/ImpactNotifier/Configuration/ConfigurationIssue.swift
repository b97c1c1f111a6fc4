/// One problem of a configuration, and its place.
struct ConfigurationIssue: Sendable, Equatable, CustomStringConvertible {
    /// The place of a node; line and column are counted from 1.
    struct Place: Sendable, Equatable {
        var line: Int
        var column: Int
    }

    /// The file, or the name of the environment variable.
    var source: String
    /// Nil for the source as a whole.
    var place: Place?
    /// The dotted path of the key, `stream.hosts[0]`; empty for the whole document.
    var key: String
    /// What is wrong, and what would be right.
    var message: String

    /// `file:line:column: key: message`, a form from which editors find the place.
    var description: String {
        var parts = [source]
        if let place { parts[0] += ":\(place.line):\(place.column)" }
        if !key.isEmpty { parts.append(key) }
        return (parts + [message]).joined(separator: ": ")
    }
}

/// A configuration that cannot be used, with all of its problems.
struct ConfigurationError: Error, CustomStringConvertible {
    /// Never empty.
    let issues: [ConfigurationIssue]

    /// One issue a line.
    var description: String { issues.map(\.description).joined(separator: "\n") }
}
