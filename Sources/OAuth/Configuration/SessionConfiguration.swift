public import ATProtocol
internal import Network

/// What the operator decided about the sender's session.
public struct SessionConfiguration: Sendable {
    /// The account that messages are sent from; every token is checked against it.
    public var account: DID
    /// How the daemon proves to be the account.
    public var kind: SessionKind
    /// URL of the hosted client metadata; confidential clients only.
    public var clientID: String?
    /// What a confidential client is called where people approve its login.
    public var clientName = "impact-notifier"
    /// The static callback page of a confidential client; nil means `callback.html` beside the metadata.
    public var redirectURI: String?
    /// File with a confidential client's private JWK, closed to others.
    public var clientKeyPath: String?
    /// File with the app password; app-password sessions only.
    public var appPasswordPath: String?
    /// File with 32 octets, raw or as 64 hexadecimal digits, under which the session file is encrypted; nil: plain.
    public var encryptionKeyPath: String?
    /// Directory of `session.json`, mode 0700.
    public var stateDirectory: String
    /// What the login asks for.
    public var scope: ScopeChoice
    /// The chat service that the scope must allow: `did#service-id`.
    public var chatService: String
    /// Whether public posts are to be allowed, too.
    public var allowsPosts: Bool
    /// The development switch: plain HTTP to loopback addresses.
    public var allowsLoopback: Bool

    /// A configuration with the usual values.
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

    /// The URL of a text when tokens may go there: https, or loopback where that is allowed; nil otherwise.
    func trusted(_ text: String) -> WebURL? {
        (try? WebURL(text)).flatMap { $0.scheme == .https || (allowsLoopback && $0.isLoopback) ? $0 : nil }
    }

    /// The scope strings of a choice.
    func scopes(of choice: ScopeChoice) -> [String] { choice.scopes(chatService: chatService, posts: allowsPosts) }
}
