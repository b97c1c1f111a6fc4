internal import ATProtocol
internal import Crypto
internal import Network

/// The login with an app password, which needs no browser and does not expire.
public struct AppPasswordLogin: Sendable {
    private let configuration: SessionConfiguration
    private let environment: SessionEnvironment

    /// A login for a configuration of kind ``SessionKind/appPassword``.
    public init(_ configuration: SessionConfiguration, _ environment: SessionEnvironment) {
        self.configuration = configuration
        self.environment = environment
    }

    /// Whether a text looks like an app password from a server: `xxxx-xxxx-xxxx-xxxx`.
    public static func looksGenerated(_ text: String) -> Bool { AppPasswordScheme.looksGenerated(text) }

    /// Starts a session with the password in the configured file, and stores it.
    ///
    /// - Parameter isForced: accepts a password that does not look generated.
    /// - Returns: the status of the new session.
    /// - Throws: ``OAuthError``.
    public func complete(isForced: Bool = false) async throws(OAuthError) -> SessionStatus {
        guard let path = configuration.appPasswordPath else {
            throw OAuthError(code: .configuration, sentence: "No file with the app password is configured.")
        }
        let password = try SecretFile(environment.files).text(path)
        guard isForced || AppPasswordScheme.looksGenerated(password) else {
            throw OAuthError(
                code: .passwordRefused,
                sentence: "\(path) does not hold an app password (xxxx-xxxx-xxxx-xxxx); never use the account's own."
            )
        }
        let discovery = ServerDiscovery(configuration, environment)
        let pds = try await discovery.pds(of: configuration.account)
        let storage = try LoginStorage(configuration, environment)
        let lock = try await storage.prepare()
        let record: SessionRecord
        do throws(OAuthError) { record = try await signIn(password, at: pds) } catch {
            lock.unlock()
            throw error
        }
        return try await storage.replace(with: record, releasing: lock)
    }

    private func signIn(_ password: String, at pds: WebURL) async throws(OAuthError) -> SessionRecord {
        let method = AppPasswordScheme(configuration, environment)
        let tokens = try tokens(await method.signIn(password: password, at: pds.origin), pds.origin)
        guard tokens.subject == configuration.account.text else {
            throw OAuthError(code: .wrongAccount, sentence: "The app password is of another account.")
        }
        let now = environment.clock.now()
        return SessionRecord(
            kind: .appPassword,
            loginID: SecureRandom.token(bytes: 16),
            account: configuration.account,
            pds: pds.origin,
            accessToken: tokens.accessToken,
            refreshToken: tokens.refreshToken,
            scope: "",
            createdAt: now,
            refreshedAt: now
        )
    }

    private func tokens(_ reply: RefreshReply, _ pds: String) throws(OAuthError) -> TokenSet {
        switch reply {
        case .tokens(let tokens): return tokens
        case .passwordRefused(let detail):
            throw OAuthError(code: .passwordRefused, sentence: "\(pds) refused the app password: \(detail).")
        case .rateLimited:
            throw OAuthError(code: .refused, sentence: "\(pds) limits the number of logins; try again in an hour.")
        case .unreachable(let detail), .outcomeUnknown(let detail), .unrecognized(let detail),
            .accountInactive(let detail), .impossible(let detail), .grantRefused(let detail), .endpointGone(let detail):
            throw OAuthError(code: .refused, sentence: "\(pds) did not start a session: \(detail).")
        default:
            throw OAuthError(code: .refused, sentence: "\(pds) did not start a session.")
        }
    }
}
