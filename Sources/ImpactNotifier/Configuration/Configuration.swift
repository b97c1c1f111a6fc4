internal import ATProtocol
internal import Firehose
internal import Logging
internal import Network
internal import Notifier
internal import OAuth

/// Everything that an operator decides, checked, with defaults filled in.
struct Configuration {
    /// How the sender's session is obtained and kept.
    struct Session: Equatable {
        var kind: SessionKind
        /// The hosted `client_id` of a confidential client, byte for byte.
        var clientID: String?
        /// The address of the hosted client's callback page.
        var redirectURI: String?
        /// The file of the confidential client's private key.
        var clientKeyFile: String?
        /// The file of the app password, for that kind of session.
        var appPasswordFile: String?
        /// The file of 32 octets that encrypt the stored session; nil leaves it readable, to its owner only.
        var encryptionKeyFile: String?
        var scope: ScopeChoice
        /// The port at which `login` listens; 0 for any.
        var loginPort: Int
    }

    /// How the daemon logs.
    struct Log: Equatable {
        var level: Logger.Level
        var format: LogFormat
    }

    /// The sender: a DID, or a handle that is resolved at start.
    var account: ATURI.Authority
    /// Without symbolic links.
    var stateDirectory: String
    var stream: StreamConfiguration
    /// The directories that list the authors of a collection for sweeps.
    var sweepDirectories: [WebURL]
    var plcDirectory: WebURL
    var appView: WebURL
    var session: Session
    /// Rules, recipients, pace and texts.
    var delivery: NotifierConfiguration
    var log: Log
    var status: StatusConfiguration
    var certificateAuthorityFile: String?
    /// The proxy for streams and HTTP.
    var proxy: ProxySettings
    var allowsLoopback: Bool

    /// The configuration of the session, for an account whose DID is known.
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

    /// The changed keys that a running process cannot apply, because session and state depend on them.
    func lastingDifferences(from other: Configuration) -> [String] {
        var keys: [String] = []
        if account != other.account { keys.append("account") }
        if stateDirectory != other.stateDirectory { keys.append("state_directory") }
        if session != other.session { keys.append("session") }
        if plcDirectory != other.plcDirectory { keys.append("identity.plc_directory") }
        if appView != other.appView { keys.append("identity.appview") }
        if certificateAuthorityFile != other.certificateAuthorityFile { keys.append("network") }
        if allowsLoopback != other.allowsLoopback { keys.append("development") }
        // The session is requested and judged by it.
        if delivery.sending.proxy != other.delivery.sending.proxy { keys.append("chat.proxy") }
        if delivery.mentions.isEnabled != other.delivery.mentions.isEnabled { keys.append("mentions.owners") }
        return keys
    }
}
