internal import ATProtocol

/// A text with fields in it: `{{author.name}} asks for {{record.title | truncate: 80 | default: "a change"}}`.
///
/// A field may pass through filters: `truncate: N` cuts to N graphemes, `default: "text"` stands in for a missing or
/// empty value, `plural: "request", "requests"` chooses by a count. Everything is checked when the template is read; a
/// template that was read always renders.
public struct Template: Sendable, Equatable {
    /// What happens to a value before it is shown.
    public enum Filter: Sendable, Hashable {
        /// Cut to so many graphemes, the last of them an ellipsis.
        case truncate(Int)
        /// Stands in for a value that is missing or empty.
        case fallback(String)
        /// One form for 1, the other for every other count.
        case plural(one: String, other: String)
    }

    /// A piece of a template.
    public enum Segment: Sendable, Hashable {
        /// Text that is shown as it is.
        case literal(String)
        /// A value with its filters in order.
        case field(TemplateField, [Filter])
    }

    /// A value without a `truncate` of its own is cut to so many graphemes.
    public static let defaultTruncation = 200

    /// The template as it was written.
    public let source: String
    /// Its pieces in order.
    public let segments: [Segment]

    /// Reads a template.
    ///
    /// - Throws: ``TemplateError`` with the column of the first mistake.
    public init(_ source: String) throws(TemplateError) {
        var parser = TemplateParser(source)
        self.source = source
        segments = try parser.parse()
    }

    /// The text with its fields filled in.
    ///
    /// No value adds a line, hides text or is a link; what a stranger wrote stands in quotation marks, those of the
    /// template or our own, and holds none itself.
    ///
    /// - Parameter value: the value of a field; nil when it is missing.
    /// - Returns: the text.
    public func render(_ value: (TemplateField) -> TemplateValue?) -> String {
        segments.enumerated().map { index, segment in
            switch segment {
            case .literal(let text): text
            case .field(let field, let filters):
                Self.show(value(field), filters, of: field.origin, isQuoted: isQuoted(at: index))
            }
        }.joined()
    }

    private func isQuoted(at index: Int) -> Bool {
        let (before, behind) = (Self.literals(segments[..<index]), Self.literals(segments[(index + 1)...]))
        if behind.contains("\""), !before.count(where: { $0 == "\"" }).isMultiple(of: 2) { return true }
        return [("“", "”"), ("„", "“"), ("«", "»")].contains { (opening: Character, closing: Character) in
            guard let start = before.lastIndex(of: opening), behind.contains(closing) else { return false }
            return !before[start...].contains(closing)
        }
    }

    private static func literals(_ segments: ArraySlice<Segment>) -> String {
        segments.map { if case .literal(let text) = $0 { text } else { "" } }.joined()
    }

    /// The fields that it names, in order.
    public var fields: [TemplateField] {
        segments.compactMap { segment in
            guard case .field(let field, _) = segment else { return nil }
            return field
        }
    }

    private static func show(
        _ value: TemplateValue?,
        _ filters: [Filter],
        of origin: TemplateField.Origin,
        isQuoted: Bool
    ) -> String {
        var text: String
        switch (value, origin) {
        case (.text(let raw)?, .known): text = PlainText.sanitize(raw)
        case (.text(let raw)?, .identifier): text = ForeignWords.defusedIdentifier(raw)
        case (.text(let raw)?, .words): text = ForeignWords.defused(raw)
        case (.number(let number)?, _): text = String(number)
        case (nil, _): text = ""
        }
        var needsQuotes = origin == .words && !isQuoted
        var isTruncated = false
        for filter in filters {
            switch filter {
            case .truncate(let limit):
                text = PlainText.truncate(text, graphemes: limit)
                isTruncated = true
            case .fallback(let stand):
                guard text.isEmpty else { continue }
                text = stand
                needsQuotes = false
            case .plural(let one, let other): text = value == .number(1) ? one : other
            }
        }
        if !isTruncated { text = PlainText.truncate(text, graphemes: defaultTruncation) }
        return needsQuotes ? ForeignWords.inMarks(text) : text
    }
}
