public import ATProtocol
internal import Network

/// The operator's settings for the sender's session.
public struct SessionConfiguration: Sendable {
    /// The account that sends the messages; every token is checked against it.
    public var account: DID
    /// How the daemon authenticates.
    public var kind: SessionKind
    /// The URL of the hosted client metadata; for confidential clients only.
    public var clientID: String?
    /// The name of a confidential client on the page where its login is approved.
    public var clientName = "impact-notifier"
    /// The static callback page of a confidential client; nil means `callback.html` in the metadata's directory.
    public var redirectURI: String?
    /// A file with a confidential client's private JWK; other users must not be able to read it.
    public var clientKeyPath: String?
    /// A file with the app password; for app-password sessions only.
    public var appPasswordPath: String?
    /// A file with the 32-octet key (raw or 64 hexadecimal digits) that encrypts the session file; nil for none.
    public var encryptionKeyPath: String?
    /// The directory of `session.json`, with mode 0700.
    public var stateDirectory: String
    /// The scopes that the login asks for.
    public var scope: ScopeChoice
    /// The chat service that the scopes must allow: `did#service-id`.
    public var chatService: String
    /// Whether the scopes must also allow public posts.
    public var allowsPosts: Bool
    /// For development: allows plain HTTP to loopback addresses.
    public var allowsLoopback: Bool

    /// A configuration with default values.
    public init(
        account: DID,
        kind: SessionKind = .confidential,
        clientID: String? = nil,
        redirectURI: String? = nil,
        clientKeyPath: String? = nil,
        appPasswordPath: String? = nil,
        encryptionKeyPath: String? = nil,
        stateDirectory: String,
        scope: ScopeChoice = .granular,
        chatService: String = "did:web:api.bsky.chat#bsky_chat",
        allowsPosts: Bool = false,
        allowsLoopback: Bool = false
    ) {
        self.account = account
        self.kind = kind
        self.clientID = clientID
        self.redirectURI = redirectURI
        self.clientKeyPath = clientKeyPath
        self.appPasswordPath = appPasswordPath
        self.encryptionKeyPath = encryptionKeyPath
        self.stateDirectory = stateDirectory
        self.scope = scope
        self.chatService = chatService
        self.allowsPosts = allowsPosts
        self.allowsLoopback = allowsLoopback
    }

    /// Parses a URL to which tokens may be sent: https, or loopback where that is allowed; nil for others.
    func trusted(_ text: String) -> WebURL? {
        (try? WebURL(text)).flatMap { $0.scheme == .https || (allowsLoopback && $0.isLoopback) ? $0 : nil }
    }

    /// The scopes of a choice.
    func scopes(of choice: ScopeChoice) -> [String] { choice.scopes(chatService: chatService, posts: allowsPosts) }
}
