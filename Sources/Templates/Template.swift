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

    /// The text with its fields filled in; values are sanitised, so that no value adds a line or hides text.
    ///
    /// - Parameter value: the value of a field; nil when it is missing.
    /// - Returns: the text.
    public func render(_ value: (TemplateField) -> TemplateValue?) -> String {
        segments.map { segment in
            switch segment {
            case .literal(let text): text
            case .field(let field, let filters): Self.show(value(field), filters, isForeign: field.isWrittenByStrangers)
            }
        }.joined()
    }

    /// The fields that it names, in order.
    public var fields: [TemplateField] {
        segments.compactMap { segment in
            guard case .field(let field, _) = segment else { return nil }
            return field
        }
    }

    private static func show(_ value: TemplateValue?, _ filters: [Filter], isForeign: Bool) -> String {
        var text: String
        switch value {
        case .text(let raw)?:
            text = PlainText.sanitize(raw)
            if isForeign { text = PlainText.withoutLinks(text) }
        case .number(let number)?: text = String(number)
        case nil: text = ""
        }
        var isTruncated = false
        for filter in filters {
            switch filter {
            case .truncate(let limit):
                text = PlainText.truncate(text, graphemes: limit)
                isTruncated = true
            case .fallback(let stand): if text.isEmpty { text = stand }
            case .plural(let one, let other): text = value == .number(1) ? one : other
            }
        }
        return isTruncated ? text : PlainText.truncate(text, graphemes: defaultTruncation)
    }
}
