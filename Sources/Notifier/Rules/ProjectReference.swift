public import ATProtocol
internal import Templates

/// What a change request refers to: a project, or something that leads to one.
public enum ProjectReference: Sendable, Hashable, CustomStringConvertible {
    case record(ATURI)
    /// An account, or a repository with a DID of its own.
    case account(DID)

    /// The AT-URI or DID as written.
    public var description: String {
        switch self {
        case .record(let uri): uri.text
        case .account(let did): did.text
        }
    }

    /// The handle in it in place of a DID; nil when there is none.
    public var handle: Handle? {
        guard case .record(let uri) = self, case .handle(let handle) = uri.authority else { return nil }
        return handle
    }

    /// The owner as far as the text says: a DID, or a handle.
    var authority: String {
        switch self {
        case .record(let uri):
            switch uri.authority {
            case .did(let did): did.text
            case .handle(let handle): handle.normalized
            }
        case .account(let did): did.text
        }
    }

    /// The project's name in messages, as others wrote it; without a name that can be shown, its record key.
    func title(named name: String?) -> String {
        if let name, !ForeignWords.defused(name).isEmpty { return name }
        guard case .record(let uri) = self else { return description }
        return uri.recordKey?.text ?? description
    }

    /// Parses what ``description`` has written; nil for anything else.
    init?(_ text: String) {
        if let uri = try? ATURI(text) {
            self = .record(uri)
        } else if let did = try? DID(text) {
            self = .account(did)
        } else {
            return nil
        }
    }
}

extension [ProjectReference] {
    /// Parses what ``text`` has written.
    init(text: String) { self = text.split(separator: " ").compactMap { ProjectReference(String($0)) } }

    /// All of them, separated by spaces.
    var text: String { map(\.description).joined(separator: " ") }
}
