internal import ATProtocol

/// Something of the network that is remembered for a while, and of which the stream may tell that it is another now.
enum Remembered: Sendable, Equatable {
    /// An account: its document, its handle, where its records are and what they say.
    case account(DID)
    /// One record.
    case record(ATURI)
}
