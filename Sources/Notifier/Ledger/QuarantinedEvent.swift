public import Firehose
public import Network

/// A stream message that was put aside, as the ledger keeps it, without its bytes.
public struct QuarantinedEvent: Sendable, Equatable, Identifiable {
    /// Its number in the ledger; later ones have greater numbers.
    public let id: Int64
    /// The host that sent it.
    public let host: String
    /// The wire over which it came.
    public let wire: StreamWire
    /// Its position; nil when it could not be read.
    public let position: Int64?
    /// Why it was put aside.
    public let reason: RejectedEvent.Reason
    /// What is wrong with it: one clause, partly in a stranger's words.
    public let detail: String
    /// How many bytes are kept of it, at most ``RejectedEvent/maximumBytes``.
    public let size: Int
    /// When it came.
    public let noticedAt: UnixTime
}
