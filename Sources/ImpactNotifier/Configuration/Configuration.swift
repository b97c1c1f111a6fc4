internal import ATProtocol
internal import Firehose
internal import Logging
internal import Network
internal import Notifier
internal import OAuth

/// Everything that an operator decides, checked and with its defaults filled in.
struct Configuration {
    /// How the sender's session is obtained and kept.
    struct Session: Equatable {
        var kind: SessionKind
        /// The hosted `client_id` of a confidential client, byte for byte.
        var clientID: String?
        /// Where the hosted client's callback page is.
        var redirectURI: String?
        /// The private key of the confidential client.
        var clientKeyFile: String?
        /// The app password, for the kind of that name.
        var appPasswordFile: String?
        /// 32 octets that encrypt the session at rest; nil leaves it readable to its owner only.
        var encryptionKeyFile: String?
        var scope: ScopeChoice
        /// Port of the listener that `login` waits at; 0 for any.
        var loginPort: Int
    }

    /// How the daemon speaks to its operator.
    struct Log: Equatable {
        var level: Logger.Level
        var format: LogFormat
    }

    /// The sender: a DID, or a handle that is resolved at start.
    var account: ATURI.Authority
    /// Without symbolic links.
    var stateDirectory: String
    var stream: StreamConfiguration
    /// Who lists the authors of a collection when a gap is swept.
    var sweepDirectories: [WebURL]
    var plcDirectory: WebURL
    var appView: WebURL
    var session: Session
    /// Rules, recipients, pace and text.
    var delivery: NotifierConfiguration
    var log: Log
    var status: StatusConfiguration
    var certificateAuthorityFile: String?
    /// The proxy that streams and HTTP go through.
    var proxy: ProxySettings
    var allowsLoopback: Bool

    /// The session's part, for an account whose DID is known.
    func sessionConfiguration(of account: DID) -> SessionConfiguration {
        SessionConfiguration(
            account: account,
            kind: session.kind,
            clientID: session.clientID,
            redirectURI: session.redirectURI,
            clientKeyPath: session.clientKeyFile,
            appPasswordPath: session.appPasswordFile,
            encryptionKeyPath: session.encryptionKeyFile,
            stateDirectory: stateDirectory,
            scope: session.scope,
            chatService: delivery.sending.proxy,
            allowsPosts: delivery.mentions.isEnabled,
            allowsLoopback: allowsLoopback
        )
    }

    /// The keys that differ and that a running process cannot change, because session and state hang on them.
    func lastingDifferences(from other: Configuration) -> [String] {
        var keys: [String] = []
        if account != other.account { keys.append("account") }
        if stateDirectory != other.stateDirectory { keys.append("state_directory") }
        if session != other.session { keys.append("session") }
        if plcDirectory != other.plcDirectory { keys.append("identity.plc_directory") }
        if appView != other.appView { keys.append("identity.appview") }
        if certificateAuthorityFile != other.certificateAuthorityFile { keys.append("network") }
        if allowsLoopback != other.allowsLoopback { keys.append("development") }
        // What the session is asked for and judged by.
        if delivery.sending.proxy != other.delivery.sending.proxy { keys.append("chat.proxy") }
        if delivery.mentions.isEnabled != other.delivery.mentions.isEnabled { keys.append("mentions.owners") }
        return keys
    }
}
