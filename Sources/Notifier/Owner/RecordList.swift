internal import ATProtocol

/// The records of an account in one collection.
struct RecordList: Sendable {
    /// A record and its address.
    struct Entry: Sendable {
        let uri: ATURI
        /// The version of the record; empty when the server does not say.
        let cid: String
        let value: JSONValue
    }

    let records: [Entry]
    /// Whether these are all; no more pages are read than a person's records need.
    let isComplete: Bool
}
