internal import ATProtocol

/// Why something is not done, and what was found.
public struct Refusal: Error, Sendable, Equatable {
    /// The stable reason.
    public let reason: Reason
    /// What was found: a clause of at most 200 characters; quotations of strangers are plain text on one line.
    public let detail: String

    public init(_ reason: Reason, _ detail: String) {
        self.reason = reason
        self.detail = String(PlainText.sanitize(String(detail.prefix(400))).prefix(200))
    }
}
