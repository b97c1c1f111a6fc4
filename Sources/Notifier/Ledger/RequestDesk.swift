public import ATProtocol
internal import GRDB
public import LedgerStorage
public import Network

/// Tells how a change request stands, beside the daemon's work.
public struct RequestDesk: Sendable {
    let reader: LedgerReader

    /// Reads how a request stands.
    ///
    /// - Parameters:
    ///   - uri: the request.
    ///   - now: the time.
    ///   - tell: told on a thread of the reader's, nil of what the ledger does not know; late, or never, while the disk hangs.
    public func standing(
        of uri: ATURI,
        now: UnixTime,
        then tell: @escaping @Sendable (Result<RequestStanding?, LedgerError>) -> Void
    ) {
        reader.read({ RequestStanding(try $0.jobs(about: uri), now: now) }, then: tell)
    }
}
