internal import ATProtocol
internal import Network

/// The permissions in a granted scope (atproto.com/specs/permission).
///
/// Servers silently drop scopes that they do not know, so the grant is checked and not the request.
struct ScopeGrant: Sendable, Equatable {
    /// The XRPC methods that are needed to send a message.
    static let chatMethods = ["chat.bsky.convo.getConvoForMembers", "chat.bsky.convo.sendMessage"]

    /// The XRPC methods that are useful but not essential.
    ///
    /// They tell whether a message arrived, what owners answer, whether we may write to them, whose a conversation is,
    /// and what was sent without our knowledge.
    static let courtesyMethods = [
        "chat.bsky.convo.getMessages", "chat.bsky.convo.getLog", "chat.bsky.actor.getStatus",
        "chat.bsky.convo.getConvo", "chat.bsky.convo.listConvos",
    ]

    /// The scopes in order.
    let scopes: [String]

    /// Splits a scope at its spaces (RFC 6749 §3.3).
    init(_ text: String) { scopes = text.split(separator: " ").map(String.init) }

    /// Whether the scope contains `atproto`, which every session of the network needs.
    var hasBase: Bool { scopes.contains("atproto") }

    /// Whether it allows an XRPC method of a service, `did#service-id`.
    func allows(method: String, of service: String) -> Bool {
        if method.hasPrefix("chat.bsky."), scopes.contains("transition:chat.bsky") { return true }
        return scopes.contains { scope in
            guard let permission = RPCPermission(scope) else { return false }
            return permission.allows(method: method, of: service)
        }
    }

    /// Whether it allows both chat calls.
    ///
    /// The chat client's permission set (`include:`) counts, too; the server determines its content.
    func allowsMessages(to service: String) -> Bool {
        let set = "include:chat.bsky.authFullChatClient?aud="
        if scopes.contains(where: { $0.hasPrefix(set) && PercentEncoding.decode($0.dropFirst(set.count)) == service }) {
            return true
        }
        return Self.chatMethods.allSatisfy { allows(method: $0, of: service) }
    }

    /// Whether it allows public posts.
    var allowsPosts: Bool {
        if scopes.contains("transition:generic") { return true }
        return ["create", "update"].allSatisfy { action in
            scopes.contains { RepositoryPermission($0)?.allows(action, in: "app.bsky.feed.post") == true }
        }
    }
}

/// An `rpc` permission: `rpc:<lxm>?aud=<did#service>`, or with `lxm` parameters, or with `*` for one of the two.
struct RPCPermission: Equatable {
    private let methods: [String]
    private let audience: String

    /// Parses a scope; nil when it is not an `rpc` permission, or one that a server drops.
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
            // The positional value and the parameter of the same name exclude each other.
            case "lxm" where head.count == 1: methods.append(value)
            case "aud": audiences.append(value)
            default: return nil
            }
        }
        guard !methods.isEmpty, audiences.count == 1, let audience = audiences.first else { return nil }
        // A DID without a service is no audience, and `*` for both is not allowed.
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
