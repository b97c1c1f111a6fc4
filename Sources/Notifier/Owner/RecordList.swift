internal import ATProtocol

/// The records of an account in one collection.
struct RecordList: Sendable {
    /// A record and where it is.
    struct Entry: Sendable {
        let uri: ATURI
        /// Which version of it this is; empty when the server does not say.
        let cid: String
        let value: JSONValue
    }

    let records: [Entry]
    /// Whether these are all: no more pages are read of one account than a person's records need.
    let isComplete: Bool
}
