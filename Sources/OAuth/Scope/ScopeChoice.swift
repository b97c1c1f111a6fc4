/// The scopes that a login asks for.
public enum ScopeChoice: String, Sendable, CaseIterable {
    /// Only the chat calls that the daemon makes; for servers that support granular scopes.
    case granular
    /// The documented transitional scopes, which every server supports.
    case transition

    /// Write access to posts; `putRecord` needs both actions.
    package static let postScope = "repo:app.bsky.feed.post?action=create&action=update"

    /// The scopes for a chat service, `did#service-id`, as in the client metadata.
    ///
    /// With `posts` they also allow public posts; the transitional scopes always do. Servers compare scopes literally,
    /// with the `#` written as `%23` (atproto.com/specs/permission).
    public func scopes(chatService: String, posts: Bool = false) -> [String] {
        switch self {
        case .granular:
            let audience = chatService.replacing("#", with: "%23")
            return ["atproto"]
                + (ScopeGrant.chatMethods + ScopeGrant.courtesyMethods).map { "rpc:\($0)?aud=\(audience)" }
                + (posts ? [Self.postScope] : [])
        case .transition:
            return ["atproto", "transition:generic", "transition:chat.bsky"]
        }
    }
}
