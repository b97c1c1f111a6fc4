internal import ATProtocol

/// A text with fields: `{{author.name}} asks for {{record.title | truncate: 80 | default: "a change"}}`.
///
/// A field may have filters: `truncate: N` cuts to N graphemes, `default: "text"` replaces a missing or empty value,
/// `plural: "request", "requests"` chooses by a count. All checks are made by the parser, so rendering cannot fail.
public struct Template: Sendable, Equatable {
    /// A change to a value before it is shown.
    public enum Filter: Sendable, Hashable {
        /// Cuts to this many graphemes, the last of which is then an ellipsis.
        case truncate(Int)
        /// Replaces a missing or empty value.
        case fallback(String)
        /// Chooses one form for 1, and the other for all other counts.
        case plural(one: String, other: String)
    }

    /// A part of a template.
    public enum Segment: Sendable, Hashable {
        /// Text without fields.
        case literal(String)
        /// A field with its filters in order.
        case field(TemplateField, [Filter])
    }

    /// The length in graphemes to which a value without a `truncate` filter is cut.
    public static let defaultTruncation = 200

    /// The template as written.
    public let source: String
    /// The parts in order.
    public let segments: [Segment]

    /// Parses a template.
    ///
    /// - Throws: ``TemplateError`` with the column of the first mistake.
    public init(_ source: String) throws(TemplateError) {
        var parser = TemplateParser(source)
        self.source = source
        segments = try parser.parse()
    }

    /// Fills in the fields.
    ///
    /// A value cannot add a line, hide text or become a link. A stranger's text is in quotation marks, either the
    /// template's or our own, and contains none itself.
    ///
    /// - Parameter value: returns the value of a field; nil when it is missing.
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

    /// The fields that it uses, in order.
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
