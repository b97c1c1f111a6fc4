internal import Network

/// A `repo` permission: `repo:<collection>?action=…`, or with `collection` parameters; no action means all actions.
struct RepositoryPermission: Equatable {
    private let collections: [String]
    private let actions: [String]

    /// Parses a scope; nil when it is not a `repo` permission.
    init?(_ scope: String) {
        let parts = scope.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let head = parts[0].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard head[0] == "repo" else { return nil }
        let query = PercentEncoding.parseForm(parts.count == 2 ? parts[1] : "")
        let named = query.filter { $0.name == "collection" }.map(\.value)
        // The positional value and the parameter of the same name exclude each other.
        guard (head.count == 2) == named.isEmpty else { return nil }
        guard query.allSatisfy({ $0.name == "collection" || $0.name == "action" }) else { return nil }
        collections = head.count == 2 ? [String(head[1])] : named
        let wanted = query.filter { $0.name == "action" }.map(\.value)
        actions = wanted.isEmpty ? ["create", "update", "delete"] : wanted
    }

    func allows(_ action: String, in collection: String) -> Bool {
        actions.contains(action) && collections.contains { $0 == "*" || $0 == collection }
    }
}
