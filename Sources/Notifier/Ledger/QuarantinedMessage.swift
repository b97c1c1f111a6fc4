public import Firehose
public import Network

/// A message that was put aside, as the ledger keeps it, without its bytes.
public struct QuarantinedMessage: Sendable, Equatable, Identifiable {
    /// Its number in the ledger; later messages have greater ones.
    public let id: Int64
    /// Where it came from.
    public let host: String
    /// The wire it came by.
    public let wire: StreamWire
    /// Its position, when that much could be read.
    public let position: Int64?
    /// Why it was put aside.
    public let reason: RejectedMessage.Reason
    /// What is wrong with it, one clause; in part a stranger's words.
    public let detail: String
    /// The bytes that are kept of it, at most ``RejectedMessage/maximumBytes``.
    public let size: Int
    /// When it came.
    public let noticedAt: UnixTime
}
