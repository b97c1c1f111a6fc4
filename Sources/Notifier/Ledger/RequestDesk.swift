public import ATProtocol
internal import GRDB
public import LedgerStorage
public import Network

/// Tells the standing of a change request, without disturbing the daemon's work.
public struct RequestDesk: Sendable {
    let reader: LedgerReader

    /// Reads the standing of a request.
    ///
    /// - Parameters:
    ///   - uri: the request.
    ///   - now: the time.
    ///   - tell: gets the standing on the reader's thread, nil for an unknown request; late or never while the disk
    ///     hangs.
    public func standing(
        of uri: ATURI,
        now: UnixTime,
        then tell: @escaping @Sendable (Result<RequestStanding?, LedgerError>) -> Void
    ) {
        reader.read({ RequestStanding(try $0.jobs(about: uri), now: now) }, then: tell)
    }
}
