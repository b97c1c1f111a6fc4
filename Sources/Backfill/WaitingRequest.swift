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
        return event(.update, rev: TID(microseconds: time + 1, clock: 0).text, cid, record)
    }

    /// The event for its deletion; it does not concern a version that came meanwhile.
    var deletion: StreamEvent? { event(.delete, rev: rev) }

    private func event(
        _ operation: StreamEvent.Commit.Operation,
        rev: String,
        _ cid: String? = nil,
        _ record: JSONValue? = nil
    ) -> StreamEvent? {
        guard let did = uri.did, let collection = uri.collection, let key = uri.recordKey, let time = try? TID(rev)
        else {
            return nil
        }
        let commit = StreamEvent.Commit(
            operation: operation,
            collection: collection,
            recordKey: key,
            rev: rev,
            cid: cid,
            record: record
        )
        let witnessed = Int64(time.microseconds)
        let position = StreamPosition(host: "sweep", wire: .sweep, value: 0, witnessed: witnessed)
        return StreamEvent(position: position, did: did, body: .commit(commit))
    }
}
