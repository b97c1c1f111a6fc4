package import ATProtocol
internal import Firehose

/// A request of the ledger of which somebody is still to be told, in the version that was seen last.
package struct WaitingRequest: Sendable, Equatable {
    /// The request.
    package let uri: ATURI
    /// What the record was; nil when nobody said.
    package let cid: String?
    /// When it was written, a TID.
    package let rev: String

    /// A request as it was stored.
    package init(uri: ATURI, cid: String?, rev: String) {
        self.uri = uri
        self.cid = cid
        self.rev = rev
    }

    /// That it says something else now; nil when it does not, or nobody can say.
    ///
    /// Nobody says when it was written: it comes directly behind the version that is known, and before all that a stream
    /// may still bring.
    func update(to cid: String?, _ record: JSONValue?) -> StreamEvent? {
        guard let cid, let record, let known = self.cid, cid != known, let time = (try? TID(rev))?.microseconds else {
            return nil
        }
        return event(.update, rev: TID(microseconds: time + 1, clock: 0).text, cid, record)
    }

    /// That it is no more: of a version that came meanwhile it says nothing.
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
