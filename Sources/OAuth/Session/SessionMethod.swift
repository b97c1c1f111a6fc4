internal import ATProtocol
internal import Network

/// What differs between the session kinds: how tokens are renewed and how a request carries them.
protocol SessionMethod: Sendable {
    /// What forbids any use of a record under this configuration; nil when nothing does.
    ///
    /// One refresh under the wrong client or key destroys the session, so this is asked before each.
    func mismatch(with record: SessionRecord) -> SessionTrouble?
    /// One attempt to renew the tokens.
    func refresh(_ record: SessionRecord) async -> RefreshReply
    /// One attempt to start a new session without a human.
    func signIn(_ record: SessionRecord) async -> RefreshReply
    /// Makes a request with the record's access token.
    func send(_ request: HTTPRequest, _ record: SessionRecord) async throws(OAuthFailure) -> HTTPResponse
    /// Ends the session on the server.
    func revoke(_ record: SessionRecord) async throws(OAuthFailure)
    /// Forgets what it knows about an origin that the account has left.
    func forget(_ origin: String)
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
            timeout: timeout
        )
    }
}
