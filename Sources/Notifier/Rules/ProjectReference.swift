public import ATProtocol

/// What a change request refers to.
public enum ProjectReference: Sendable, Hashable, CustomStringConvertible {
    /// A record, with the version that was meant when the reference says so.
    case record(ATURI, cid: String?)
    /// An account, or a repository that has a DID of its own.
    case account(DID)

    /// The version that was meant; nil when the reference does not say.
    var cid: String? {
        switch self {
        case .record(_, let cid): cid
        case .account: nil
        }
    }

    /// The AT-URI or DID as it was written.
    public var description: String {
        switch self {
        case .record(let uri, _): uri.text
        case .account(let did): did.text
        }
    }
}
