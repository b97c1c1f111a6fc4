package import ATProtocol
internal import Firehose

/// A request of the ledger whose recipients are not all told yet, in the version that was last seen.
package struct WaitingRequest: Sendable, Equatable {
    package let uri: ATURI
    /// The CID of its record; nil when unknown.
    package let cid: String?
    /// The revision that wrote it, a TID.
    package let rev: String

    /// A request as it was stored.
    package init(uri: ATURI, cid: String?, rev: String) {
        self.uri = uri
        self.cid = cid
        self.rev = rev
    }

    /// The event for its present version; nil when it has not changed, or when nobody can say.
    ///
    /// Nobody says when that version was written. So its revision comes directly after the known one, before anything
    /// that a stream may still bring.
    func update(to cid: String?, _ record: JSONValue?) -> StreamEvent? {
        guard let cid, let record, let known = self.cid, cid != known, let time = (try? TID(rev))?.microseconds else {
            return nil
        }
        return StreamEvent.swept(.update, uri, TID(microseconds: time + 1, clock: 0), cid, record)
    }

    /// The event for its deletion; it does not concern a version that came meanwhile.
    var deletion: StreamEvent? { (try? TID(rev)).flatMap { StreamEvent.swept(.delete, uri, $0) } }
}
