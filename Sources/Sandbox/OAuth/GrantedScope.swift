internal import ATProtocol
internal import Network

/// The permissions of a session, and whether they cover a call (atproto.com/specs/permission).
struct GrantedScope: Sendable {
    private struct Remote {
        let methods: [String]
        let audience: String
    }

    /// What is left of the request: malformed and unknown scopes are dropped without a word, as the reference does.
    let text: String
    private let plain: Set<String>
    private let remotes: [Remote]
    /// Collection and actions of each `repo:` permission.
    private let repositories: [(collection: String, actions: [String])]

    init(_ requested: String) {
        var kept: [String] = []
        var plain: Set<String> = []
        var remotes: [Remote] = []
        var repositories: [(collection: String, actions: [String])] = []
        for scope in requested.split(separator: " ").map(String.init) where !kept.contains(scope) {
            if ["atproto", "transition:generic", "transition:chat.bsky", "transition:email"].contains(scope) {
                plain.insert(scope)
            } else if let remote = Self.remote(scope) {
                remotes.append(remote)
            } else if let repository = Self.repository(scope) {
                repositories.append(repository)
            } else {
                continue
            }
            kept.append(scope)
        }
        text = kept.joined(separator: " ")
        self.plain = plain
        self.remotes = remotes
        self.repositories = repositories
    }

    /// Whether `atproto` is in it, without which there is no session.
    var isUsable: Bool { plain.contains("atproto") }

    /// Whether the method may be called on the service `did#id`.
    func permits(_ method: String, on service: String) -> Bool {
        if method.hasPrefix("chat.bsky.") {
            if plain.contains("transition:chat.bsky") { return true }
        } else if plain.contains("transition:generic") {
            return true
        }
        return remotes.contains { remote in
            (remote.audience == "*" || remote.audience == service)
                && (remote.methods.contains("*") || remote.methods.contains(method))
        }
    }

    /// Whether records of a collection may be created, updated or deleted.
    func permitsWriting(_ collection: String, _ action: String) -> Bool {
        plain.contains("transition:generic")
            || repositories.contains {
                ($0.collection == "*" || $0.collection == collection) && $0.actions.contains(action)
            }
    }

    /// `repo:<collection>?action=…`; all actions when none is named.
    private static func repository(_ scope: String) -> (collection: String, actions: [String])? {
        guard scope.hasPrefix("repo:") else { return nil }
        let parts = scope.dropFirst(5).split(separator: "?", maxSplits: 1)
        let query = PercentEncoding.parseForm(parts.count == 2 ? parts[1] : "")
        guard let collection = parts.first, query.allSatisfy({ $0.name == "action" }) else { return nil }
        let actions = query.map(\.value)
        return (String(collection), actions.isEmpty ? ["create", "update", "delete"] : actions)
    }

    /// `rpc:<lxm>?aud=…` or `rpc?lxm=…&lxm=…&aud=…`; an audience needs its fragment.
    private static func remote(_ scope: String) -> Remote? {
        let parts = scope.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let head = parts.first, head == "rpc" || head.hasPrefix("rpc:") else { return nil }
        let query = PercentEncoding.parseForm(parts.count == 2 ? parts[1] : "")
        let named = query.filter { $0.name == "lxm" }.map(\.value)
        let positional = head == "rpc" ? [] : [String(head.dropFirst(4))]
        let audiences = query.filter { $0.name == "aud" }.map(\.value)
        guard positional.isEmpty != named.isEmpty, audiences.count == 1, let audience = audiences.first else {
            return nil
        }
        let methods = positional + named
        guard methods.allSatisfy({ $0 == "*" || (try? NSID($0)) != nil }) else { return nil }
        let isService = audience.split(separator: "#").count == 2 && audience.hasPrefix("did:")
        guard audience == "*" ? !methods.contains("*") : isService else { return nil }
        return Remote(methods: methods, audience: audience)
    }
}
