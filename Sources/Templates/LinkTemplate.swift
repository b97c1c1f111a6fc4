internal import Network

/// A template for a link in a message: an `https` URL with fields, percent-encoded, in its path or query.
///
/// The host is fixed and fields of the record are not allowed, so only the operator decides where a link leads.
public struct LinkTemplate: Sendable, Equatable {
    /// The parsed template.
    public let template: Template

    /// Parses a link template.
    ///
    /// - Throws: ``TemplateError`` when it is not an `https` URL with a fixed host, or uses a field of the record.
    public init(_ source: String) throws(TemplateError) {
        let template = try Template(source)
        guard case .literal(let head)? = template.segments.first, head.hasPrefix("https://"),
            head.dropFirst(8).contains("/")
        else {
            throw TemplateError(column: 1, reason: "a link starts with https://, a host and / before its first field")
        }
        for field in template.fields {
            guard case .known(let known) = field, known != .count, known != .authorName, known != .projectName else {
                throw TemplateError(
                    column: 1,
                    reason: "a link may only hold DIDs, collections, record keys and AT-URIs"
                )
            }
        }
        for case .field(_, let filters) in template.segments where !filters.isEmpty {
            throw TemplateError(column: 1, reason: "a link takes no filters: its fields are shown whole")
        }
        self.template = template
        let sample = render { _ in .text("did:web:example.com") }
        do { _ = try WebURL(sample) } catch { throw TemplateError(column: 1, reason: "the link \(error.reason)") }
    }

    /// Fills in the fields; the result is ASCII.
    public func render(_ value: (TemplateField) -> TemplateValue?) -> String {
        template.segments.map { segment in
            switch segment {
            case .literal(let text): text
            case .field(let field, _): Self.encode(value(field))
            }
        }.joined()
    }

    // Colons are kept: a path segment may contain them (RFC 3986 §3.3), and every DID has two.
    private static func encode(_ value: TemplateValue?) -> String {
        guard case .text(let text)? = value else { return "" }
        return text.split(separator: ":", omittingEmptySubsequences: false)
            .map { PercentEncoding.encode(String($0)) }.joined(separator: ":")
    }
}
