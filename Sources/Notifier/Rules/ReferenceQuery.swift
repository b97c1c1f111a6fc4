public import Network

/// A question to an index about a reference: an address with ``placeholder`` for the DID or AT-URI.
public struct ReferenceQuery: Sendable, Hashable, CustomStringConvertible {
    /// The address as written.
    public let description: String

    /// The text that stands for the reference.
    public static let placeholder = "{{reference}}"

    /// A query.
    ///
    /// - Throws: ``WebURLError`` when it is no URL, or has no ``placeholder`` after its host.
    public init(_ text: String) throws(WebURLError) {
        description = text
        guard !text.replacing(Self.placeholder, with: "").contains("{{") else {
            throw WebURLError(text, "knows no other field than \(Self.placeholder)")
        }
        let sample = try url(of: "did:web:example.com")
        guard text.contains(Self.placeholder), try url(of: "did:web:example.org").origin == sample.origin else {
            throw WebURLError(text, "has no \(Self.placeholder) in its path or query")
        }
    }

    /// The address for a reference, percent-encoded.
    ///
    /// - Throws: ``WebURLError`` when the reference makes it too long.
    func url(of reference: String) throws(WebURLError) -> WebURL {
        try WebURL(description.replacing(Self.placeholder, with: PercentEncoding.encode(reference)))
    }
}
