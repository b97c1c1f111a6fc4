internal import Network

/// Where a message links to: an `https` address with fields in its path or query, each percent-encoded when shown.
///
/// The host is fixed and no field of the record is allowed, so nobody but the operator decides where an owner is led.
public struct LinkTemplate: Sendable, Equatable {
    /// The template behind it.
    public let template: Template

    /// Reads a link template.
    ///
    /// - Throws: ``TemplateError`` when it is not an `https` URL with a fixed host, or names a field of the record.
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

    /// The address with its fields filled in; the result is ASCII.
    public func render(_ value: (TemplateField) -> TemplateValue?) -> String {
        template.segments.map { segment in
            switch segment {
            case .literal(let text): text
            case .field(let field, _): Self.encode(value(field))
            }
        }.joined()
    }

    // Colons are kept: they are legal in a path segment (RFC 3986 §3.3) and every DID has two of them.
    private static func encode(_ value: TemplateValue?) -> String {
        guard case .text(let text)? = value else { return "" }
        return text.split(separator: ":", omittingEmptySubsequences: false)
            .map { PercentEncoding.encode(String($0)) }.joined(separator: ":")
    }
}
