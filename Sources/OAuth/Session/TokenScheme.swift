internal import ATProtocol
internal import Network

/// The difference between the kinds of session: how tokens are renewed and how a request carries them.
protocol TokenScheme: Sendable {
    /// Why a record cannot be used with this configuration; nil when it can.
    ///
    /// A single refresh with the wrong client or key ends the session, so this is checked before each refresh.
    func mismatch(with record: SessionRecord) -> SessionProblem?
    /// Makes one attempt to renew the tokens.
    func refresh(_ record: SessionRecord) async -> RefreshReply
    /// The authorization server's current endpoints; nil when they are unknown or unchanged.
    func movedEndpoints(_ record: SessionRecord) async -> SessionRecord.Binding?
    /// Makes one attempt to start a new session without a human.
    func signIn(_ record: SessionRecord) async -> RefreshReply
    /// Sends a request with the record's access token.
    func send(_ request: HTTPRequest, _ record: SessionRecord) async throws(OAuthError) -> HTTPResponse
    /// Asks the server to end the session; a success proves nothing, because it may report one after a failure.
    func revoke(_ record: SessionRecord) async throws(OAuthError)
    /// Drops what is known about an origin that the account has left.
    func forget(_ origin: String)
}

extension TokenScheme {
    /// Why a record does not fit: another account, kind, client or key than the configuration's.
    func misfit(of record: SessionRecord, under configuration: SessionConfiguration) -> SessionProblem? {
        guard record.account == configuration.account else {
            return SessionProblem(.otherAccount, "the stored session is of \(record.account)")
        }
        guard record.kind == configuration.kind else {
            let detail = "the stored session is of kind \(record.kind.rawValue), not \(configuration.kind.rawValue)"
            return SessionProblem(.otherClient, detail)
        }
        return mismatch(with: record)
    }
}

extension SessionConfiguration {
    /// The scheme for the configuration's kind of session; reads the client's key.
    func scheme(_ environment: SessionEnvironment) -> any TokenScheme {
        kind == .appPassword ? AppPasswordScheme(self, environment) : OAuthScheme(self, environment)
    }
}
