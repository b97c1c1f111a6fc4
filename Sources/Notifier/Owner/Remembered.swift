internal import ATProtocol

/// Something that is remembered for a while, and that the stream may say has changed.
enum Remembered: Sendable, Equatable {
    /// An account: its document, its handle, its server and its records.
    case account(DID)
    case record(ATURI)
}
