/// Which scopes a login asks for.
public enum ScopeChoice: String, Sendable, CaseIterable {
    /// The chat calls that the daemon makes and nothing else; for servers that know granular scopes.
    case granular
    /// The documented transitional scopes, which every server knows.
    case transition

    /// Writing posts and nothing else: `putRecord` needs both actions.
    package static let postScope = "repo:app.bsky.feed.post?action=create&action=update"

    /// The scope strings for a chat service, `did#service-id`, as they also stand in the client metadata.
    ///
    /// With `posts` they allow public posts, too; the transitional ones always do.
    /// Servers compare them literally; the `#` is written `%23` (atproto.com/specs/permission).
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
