/// An AT-URI in the restricted form for records (atproto.com/specs/at-uri-scheme).
///
/// The form is `at://authority[/collection[/record-key]]`.
public struct ATURI: SyntaxValue {
    /// The authority of an AT-URI: the account that owns the repository.
    public enum Authority: Sendable, Hashable {
        /// A DID, which is permanent.
        case did(DID)
        /// A handle, which must be resolved and may later belong to another account.
        case handle(Handle)
    }

    /// The text as written.
    public let text: String
    /// The account that owns the repository.
    public let authority: Authority
    /// The collection; nil when the URI names a whole repository.
    public let collection: NSID?
    /// The record key; nil when the URI names a collection or a repository.
    public let recordKey: RecordKey?

    /// Parses the restricted form: at most 8192 characters, no query, no fragment, no trailing slash.
    public init(_ text: String) throws(SyntaxError) {
        guard text.utf8.count <= 8192 else { throw SyntaxError("AT-URI", text, "it is longer than 8192 characters") }
        guard text.utf8.starts(with: "at://".utf8) else {
            throw SyntaxError("AT-URI", text, "it does not start with at://")
        }
        let parts = text.dropFirst(5).split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (1...3).contains(parts.count) else { throw SyntaxError("AT-URI", text, "it has more than three parts") }
        do {
            authority =
                parts[0].hasPrefix("did:") ? .did(try DID(parts[0])) : .handle(try Handle(parts[0]))
            collection = parts.count > 1 ? try NSID(parts[1]) : nil
            recordKey = parts.count > 2 ? try RecordKey(parts[2]) : nil
        } catch {
            throw SyntaxError("AT-URI", text, "'\(error.text)' is not a valid \(error.kind): \(error.reason)")
        }
        self.text = text
    }

    /// The AT-URI of a record.
    public init(_ did: DID, _ collection: NSID, _ recordKey: RecordKey) {
        text = "at://\(did)/\(collection)/\(recordKey)"
        authority = .did(did)
        self.collection = collection
        self.recordKey = recordKey
    }

    /// The authority's DID; nil when the authority is a handle.
    public var did: DID? {
        guard case .did(let did) = authority else { return nil }
        return did
    }
}
