internal import ATProtocol

/// Why something is not done, with what was found.
public struct Refusal: Error, Sendable, Equatable {
    /// The stable reason.
    public let reason: Reason
    /// What was found, in a clause of at most 200 characters; what it quotes of a stranger is plain text on one line.
    public let detail: String

    /// A refusal for a reason.
    public init(_ reason: Reason, _ detail: String) {
        self.reason = reason
        self.detail = String(PlainText.sanitize(String(detail.prefix(400))).prefix(200))
    }
}
