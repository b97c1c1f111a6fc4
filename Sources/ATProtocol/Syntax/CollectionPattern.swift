/// One collection, or all collections in a namespace: `org.hypercerts.context.evaluation`, `org.hypercerts.*`.
public struct CollectionPattern: SyntaxValue {
    /// The text as written.
    public let text: String

    /// Parses an NSID, or the beginning of one followed by `.*`.
    ///
    /// - Throws: ``SyntaxError`` for anything else, such as `*` alone or after a part of a segment.
    public init(_ text: String) throws(SyntaxError) {
        do { _ = try NSID(text.hasSuffix(".*") ? "\(text.dropLast())x" : text) } catch {
            throw SyntaxError("collection or namespace", text, error.reason)
        }
        let domain = text.split(separator: ".").dropLast().joined(separator: ".")
        guard domain == domain.lowercased() else {
            throw SyntaxError("collection or namespace", text, "its domain is written in small letters")
        }
        self.text = text
    }

    public init(_ collection: NSID) { text = collection.text }

    /// The collection if the pattern names a single one.
    public var collection: NSID? { isNamespace ? nil : try? NSID(text) }

    /// Whether the pattern names a namespace.
    public var isNamespace: Bool { text.utf8.last == UInt8(ascii: "*") }

    /// The prefix of a namespace's collections, with its last dot; for one collection its whole name.
    public var beginning: String { isNamespace ? String(text.dropLast()) : text }

    /// Whether the pattern matches a collection.
    public func matches(_ collection: NSID) -> Bool {
        isNamespace ? collection.text.utf8.starts(with: beginning.utf8) : collection.text == text
    }

    /// Whether the pattern matches every collection that another pattern matches.
    public func covers(_ other: CollectionPattern) -> Bool {
        self == other || isNamespace && other.beginning.utf8.starts(with: beginning.utf8)
    }
}

extension Sequence<CollectionPattern> {
    /// The patterns that no other one in the list covers, without duplicates; together they match the same collections.
    public var outermost: [CollectionPattern] {
        var kept: [CollectionPattern] = []
        for pattern in self where !kept.contains(where: { $0.covers(pattern) }) {
            kept.removeAll { pattern.covers($0) }
            kept.append(pattern)
        }
        return kept
    }
}
