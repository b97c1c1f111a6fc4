/// Why a text does not match a grammar of the protocol.
public struct SyntaxError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The name of the grammar: `DID`, `handle`, `NSID`, `AT-URI`, `record key`, `TID`, `CID`.
    public let kind: String
    /// The text, cut to 120 characters.
    public let text: String
    /// What is wrong, as the end of a sentence.
    public let reason: String

    public init(_ kind: String, _ text: String, _ reason: String) {
        self.kind = kind
        self.text = text.count > 120 ? text.prefix(120) + "…" : text
        self.reason = reason
    }

    /// A sentence for the operator.
    public var description: String { "'\(text)' is not a valid \(kind): \(reason)" }
}
