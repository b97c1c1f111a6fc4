internal import ATProtocol
internal import Network

/// What a granted scope allows (atproto.com/specs/permission).
///
/// Servers drop scopes that they do not know without a word, so the grant is read, not the request.
struct ScopeGrant: Sendable, Equatable {
    /// The calls that sending a message needs.
    static let chatMethods = ["chat.bsky.convo.getConvoForMembers", "chat.bsky.convo.sendMessage"]

    /// The calls that deliver well: whether a message arrived, what owners answer, whether we may write at all, whose a
    /// conversation is, and what was written without our knowing.
    static let courtesyMethods = [
        "chat.bsky.convo.getMessages", "chat.bsky.convo.getLog", "chat.bsky.actor.getStatus",
        "chat.bsky.convo.getConvo", "chat.bsky.convo.listConvos",
    ]

    /// The scope strings, in order.
    let scopes: [String]

    /// Splits a space-separated scope (RFC 6749 §3.3).
    init(_ text: String) { scopes = text.split(separator: " ").map(String.init) }

    /// Whether the session is one of the network at all.
    var hasBase: Bool { scopes.contains("atproto") }

    /// Whether one method of a service, `did#service-id`, may be called.
    func allows(method: String, of service: String) -> Bool {
        if method.hasPrefix("chat.bsky."), scopes.contains("transition:chat.bsky") { return true }
        return scopes.contains { scope in
            guard let permission = RPCPermission(scope) else { return false }
            return permission.allows(method: method, of: service)
        }
    }

    /// Whether both chat calls are allowed.
    ///
    /// A permission set (`include:`) counts when it is the chat client's: its content is the server's to expand.
    func allowsMessages(to service: String) -> Bool {
        let set = "include:chat.bsky.authFullChatClient?aud="
        if scopes.contains(where: { $0.hasPrefix(set) && PercentEncoding.decode($0.dropFirst(set.count)) == service }) {
            return true
        }
        return Self.chatMethods.allSatisfy { allows(method: $0, of: service) }
    }

    /// Whether public posts may be written.
    var allowsPosts: Bool {
        if scopes.contains("transition:generic") { return true }
        return ["create", "update"].allSatisfy { action in
            scopes.contains { RepositoryPermission($0)?.allows(action, in: "app.bsky.feed.post") == true }
        }
    }
}

/// One `rpc` permission: `rpc:<lxm>?aud=<did#service>`, or with `lxm` parameters, or `*` for one of the two.
struct RPCPermission: Equatable {
    private let methods: [String]
    private let audience: String

    /// Reads a scope string; nil when it is no `rpc` permission, or one that a server drops.
    init?(_ scope: String) {
        let parts = scope.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let head = parts[0].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard head[0] == "rpc" else { return nil }
        var methods: [String] = []
        var audiences: [String] = []
        if head.count == 2 {
            guard let positional = PercentEncoding.decode(head[1]) else { return nil }
            methods.append(positional)
        }
        for pair in parts.count == 2 ? parts[1].split(separator: "&") : [] {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, let value = PercentEncoding.decode(sides[1]) else { return nil }
            switch sides[0] {
            // A positional value and a parameter of the same name exclude each other.
            case "lxm" where head.count == 1: methods.append(value)
            case "aud": audiences.append(value)
            default: return nil
            }
        }
        guard !methods.isEmpty, audiences.count == 1, let audience = audiences.first else { return nil }
        // A bare DID is no audience; and everything at everybody is not to be had.
        guard audience == "*" || audience.contains("#"), !(audience == "*" && methods.contains("*")) else { return nil }
        guard methods.allSatisfy({ $0 == "*" || (try? NSID($0)) != nil }) else { return nil }
        guard audience == "*" || (try? DID(String(audience.prefix { $0 != "#" }))) != nil else { return nil }
        self.methods = methods
        self.audience = audience
    }

    func allows(method: String, of service: String) -> Bool {
        (audience == "*" || audience == service) && methods.contains { $0 == "*" || $0 == method }
    }
}
