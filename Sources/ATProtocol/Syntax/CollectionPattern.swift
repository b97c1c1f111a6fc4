/// A collection, or every collection of a namespace: `org.hypercerts.context.evaluation`, `org.hypercerts.*`.
public struct CollectionPattern: SyntaxValue {
    /// The text, verbatim.
    public let text: String

    /// Checks an NSID, or the beginning of one with `.*` behind it.
    ///
    /// - Throws: ``SyntaxError`` for anything else; `*` alone, or behind a part of a name, is no pattern.
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

    /// The one collection.
    public init(_ collection: NSID) { text = collection.text }

    /// The collection, when it is only one.
    public var collection: NSID? { isNamespace ? nil : try? NSID(text) }

    /// Whether it is more than one collection.
    public var isNamespace: Bool { text.utf8.last == UInt8(ascii: "*") }

    /// What the names of a namespace begin with, its last dot included; the whole name of one collection.
    public var beginning: String { isNamespace ? String(text.dropLast()) : text }

    /// Whether a collection is among those that it names.
    public func matches(_ collection: NSID) -> Bool {
        isNamespace ? collection.text.utf8.starts(with: beginning.utf8) : collection.text == text
    }

    /// Whether everything that another pattern names is among what it names.
    public func covers(_ other: CollectionPattern) -> Bool {
        self == other || isNamespace && other.beginning.utf8.starts(with: beginning.utf8)
    }
}

extension Sequence<CollectionPattern> {
    /// Those that no other one covers, each once: together they name what all of them name.
    public var outermost: [CollectionPattern] {
        var kept: [CollectionPattern] = []
        for pattern in self where !kept.contains(where: { $0.covers(pattern) }) {
            kept.removeAll { pattern.covers($0) }
            kept.append(pattern)
        }
        return kept
    }
}
