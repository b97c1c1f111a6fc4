internal import ATProtocol
internal import Network

/// What differs between the session kinds: how tokens are renewed and how a request carries them.
protocol TokenScheme: Sendable {
    /// What forbids any use of a record under this configuration; nil when nothing does.
    ///
    /// One refresh under the wrong client or key destroys the session, so this is asked before each.
    func mismatch(with record: SessionRecord) -> SessionProblem?
    /// One attempt to renew the tokens.
    func refresh(_ record: SessionRecord) async -> RefreshReply
    /// Where the authorization server says now that its endpoints are; nil when it says nothing, or nothing new.
    func movedEndpoints(_ record: SessionRecord) async -> SessionRecord.Binding?
    /// One attempt to start a new session without a human.
    func signIn(_ record: SessionRecord) async -> RefreshReply
    /// Makes a request with the record's access token.
    func send(_ request: HTTPRequest, _ record: SessionRecord) async throws(OAuthFailure) -> HTTPResponse
    /// Asks the server to end the session. That it agrees proves nothing: it also does when it could not.
    func revoke(_ record: SessionRecord) async throws(OAuthFailure)
    /// Forgets what it knows about an origin that the account has left.
    func forget(_ origin: String)
}

extension TokenScheme {
    /// What forbids any use of a record: another account, kind, client or key than the configuration's.
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
    /// The scheme of the configuration's kind; reads the client's key.
    func scheme(_ environment: SessionEnvironment) -> any TokenScheme {
        kind == .appPassword ? AppPasswordScheme(self, environment) : OAuthScheme(self, environment)
    }
}

extension XRPCCall {
    /// The call as a request to a PDS, without authorization.
    func request(to pds: WebURL) -> HTTPRequest {
        var headers: HTTPHeaders = ["Accept": "application/json"]
        if let proxy { headers["atproto-proxy"] = proxy }
        var bytes: [UInt8] = []
        if let body {
            headers["Content-Type"] = "application/json"
            bytes = body.encoded
        }
        return HTTPRequest(
            kind == .query ? .get : .post,
            pds.with(path: "/xrpc/\(method)", query: parameters),
            headers: headers,
            body: bytes,
            timeout: timeout,
            // A hundred messages, each of ten kilobytes with as many facets as its author likes.
            maximumBody: 16 << 20
        )
    }
}
