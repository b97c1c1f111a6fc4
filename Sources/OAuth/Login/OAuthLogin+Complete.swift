internal import ATProtocol
internal import Crypto
internal import Logging
internal import Network

/// The second half of the login: from the callback to a stored session.
extension OAuthLogin {
    /// Checks the callback, exchanges its code, checks the tokens and stores the session.
    ///
    /// - Parameter callback: the URL to which the browser was redirected, or the part after its `?` or `#`.
    /// - Returns: the status of the new session.
    /// - Throws: ``OAuthError``. A code is never used twice: after any failure the login must start again.
    public func complete(_ callback: String) async throws(OAuthError) -> SessionStatus {
        let parameters = CallbackParameters(pasted: callback)
        let now = environment.clock.now()
        let queue = BlockingQueue()
        let file = pendingFile
        let login = try await queue.run { () throws(OAuthError) in try file.load(at: now) }
        guard login.account == configuration.account else {
            throw OAuthError(
                code: .callbackMismatch,
                sentence: "The login that was started is of another account.",
                advice: Self.again
            )
        }
        guard parameters.state == login.state else {
            throw OAuthError(
                code: .callbackMismatch,
                sentence: "This callback does not belong to the login that was started last; paste the newest one."
            )
        }
        // From here on the state counts as used.
        _ = try? await queue.run { () throws(OAuthError) in file.remove() }
        guard parameters.error == nil else { throw denial(parameters) }
        guard parameters.issuer == login.issuer else {
            throw OAuthError(
                code: .callbackMismatch,
                sentence: "The callback comes from another authorization server.",
                advice: Self.again
            )
        }
        guard let code = parameters.code, !code.isEmpty else {
            throw OAuthError(code: .callbackMismatch, sentence: "The callback holds no code.", advice: Self.again)
        }
        let storage = try LoginStorage(configuration, environment)
        // The store must be ready for the session before the code is spent, because a code works once.
        let lock = try await storage.prepare()
        let session: NewSession
        do throws(OAuthError) { session = try await exchange(code, login) } catch {
            lock.unlock()
            throw error
        }
        do throws(OAuthError) { return try await storage.replace(with: session.record, releasing: lock) } catch {
            // The session that was just started will never be used.
            await revoke(session.record.refreshToken, session.client, session.server)
            throw error
        }
    }

    /// A session that exists on the server and is not stored yet.
    private struct NewSession {
        let record: SessionRecord
        let client: TokenClient
        let server: AuthorizationServer
    }

    /// Exchanges the code, once, and checks the result.
    private func exchange(_ code: String, _ login: PendingLogin) async throws(OAuthError) -> NewSession {
        let home = try await discovery.home(of: login.account)
        guard home.server.issuer == login.issuer else {
            throw OAuthError(
                code: .callbackMismatch,
                sentence: "The account changed its authorization server meanwhile.",
                advice: Self.again
            )
        }
        let client = try tokenClient(login)
        let askedAt = environment.clock.now()
        let response = try await client.post(
            [
                ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", login.redirectURI),
                ("code_verifier", login.verifier),
            ],
            to: home.server.tokenEndpoint
        )
        guard response.status == 200 else { throw codeRefusal(login.issuer, response) }
        guard let tokens = TokenSet(response)?.telling(noneOf: SecretRedaction([code, login.verifier])) else {
            throw OAuthError(
                code: .refused,
                sentence: "\(login.issuer) answered without a pair of tokens.",
                advice: Self.again
            )
        }
        do throws(OAuthError) {
            try await examine(tokens, login, client, home)
        } catch {
            await revoke(tokens.refreshToken, client, home.server)
            throw error
        }
        return NewSession(
            record: record(tokens, login, client, home, at: askedAt),
            client: client,
            server: home.server
        )
    }

    private static let again = "Start again with 'impact-notifier login'."

    private func denial(_ parameters: CallbackParameters) -> OAuthError {
        let detail = [parameters.error, parameters.errorDescription].compactMap(\.self).joined(separator: ": ")
        let advice = RefusalAdvice(configuration).text(for: parameters.error, status: 400)
        guard parameters.error == "access_denied" else {
            return OAuthError(
                code: .refused,
                sentence: "The login ended with \(PlainText.sanitize(detail).prefix(200)).",
                advice: advice
            )
        }
        return OAuthError(code: .denied, sentence: "The login was refused in the browser.", advice: advice)
    }

    private func codeRefusal(_ issuer: String, _ response: HTTPResponse) -> OAuthError {
        let error = XRPCError(response)
        guard error.name == "invalid_grant" else { return refusal(issuer, "the code", response) }
        return OAuthError(
            code: .codeExpired,
            sentence: "The code is no longer good (\(error.message ?? "invalid_grant")).",
            advice: RefusalAdvice(configuration).text(for: error.name, status: error.status)
        )
    }

    private func tokenClient(_ login: PendingLogin) throws(OAuthError) -> TokenClient {
        let current = try ClientIdentity(configuration, port: nil, files: environment.files)
        guard current.key?.id == login.clientKeyID else {
            throw OAuthError(
                code: .configuration,
                sentence: "The client key changed since the login was started.",
                advice: Self.again
            )
        }
        let identity = ClientIdentity(id: login.clientID, key: current.key, redirectURI: login.redirectURI)
        do throws(CryptoError) {
            let key = try JSONWebKey.signingKey(login.dpopKey)
            return TokenClient(sender: sender, identity: identity, issuer: login.issuer, key: key)
        } catch {
            throw OAuthError(code: .noPendingLogin, sentence: "The login that was started is damaged; start again.")
        }
    }

    /// Makes all checks on the tokens of a new session.
    private func examine(
        _ tokens: TokenSet,
        _ login: PendingLogin,
        _ client: TokenClient,
        _ home: ServerDiscovery.Home
    ) async throws(OAuthError) {
        if let problem = tokens.problem(account: login.account, kind: configuration.kind) {
            throw OAuthError(
                code: .wrongAccount,
                sentence: "The login brought unusable tokens: \(problem.detail).",
                advice: "\(Self.again) Approve it as \(login.account)."
            )
        }
        guard ScopeGrant(tokens.scope ?? "").allowsMessages(to: configuration.chatService) else {
            throw OAuthError(
                code: .scopeTooNarrow,
                sentence: "The server granted only '\(tokens.scope ?? "")', which cannot send messages.",
                advice: RefusalAdvice(configuration).text(for: "insufficient_scope", status: 200)
            )
        }
        let url = home.pds.with(path: "/xrpc/com.atproto.server.getSession")
        var response = try await sender.send(to: url, key: client.key, accessToken: tokens.accessToken) { _ in
            HTTPRequest(.get, url, headers: ["Accept": "application/json"])
        }
        response = SecretRedaction([tokens.accessToken, tokens.refreshToken])(response)
        // An error of the server says nothing about the session; the token endpoint has named the account already.
        guard response.status < 500 else {
            environment.logger.warning(
                "the PDS could not confirm the new session",
                metadata: [
                    "host": "\(home.pds.origin)", "status": .stringConvertible(response.status),
                    "run": "impact-notifier session check",
                ]
            )
            return
        }
        guard response.isSuccess, let json = try? JSONValue(parsing: response.body) else {
            throw refusal(home.pds.origin, "the new session", response)
        }
        guard json["did"]?.string == login.account.text else {
            throw OAuthError(
                code: .wrongAccount,
                sentence: "The PDS says that the new session is of another account.",
                advice: "\(Self.again) Approve it as \(login.account)."
            )
        }
    }

    private func revoke(_ token: String, _ client: TokenClient, _ server: AuthorizationServer) async {
        guard let endpoint = server.revocationEndpoint else { return }
        do throws(OAuthError) { try await client.revoke(token, at: endpoint) } catch {
            environment.logger.warning(
                "the server could not be asked to revoke tokens",
                metadata: ["reason": "\(error.sentence)"]
            )
        }
    }

    /// Makes the record for these tokens; its times count from before the request.
    private func record(
        _ tokens: TokenSet,
        _ login: PendingLogin,
        _ client: TokenClient,
        _ home: ServerDiscovery.Home,
        at now: UnixTime
    ) -> SessionRecord {
        SessionRecord(
            kind: configuration.kind,
            loginID: SecureRandom.token(bytes: 16),
            account: login.account,
            pds: home.pds.origin,
            binding: SessionRecord.Binding(
                clientID: login.clientID,
                issuer: login.issuer,
                tokenEndpoint: home.server.tokenEndpoint.description,
                revocationEndpoint: home.server.revocationEndpoint?.description,
                clientKeyID: client.identity.key?.id,
                clientKeyThumbprint: client.identity.key?.thumbprint,
                dpopKey: login.dpopKey,
                dpopThumbprint: client.key.publicKey.thumbprint
            ),
            accessToken: tokens.accessToken,
            refreshToken: tokens.refreshToken,
            scope: tokens.scope ?? "",
            expiresAt: tokens.expiresIn.map { now + $0 },
            createdAt: now,
            refreshedAt: now
        )
    }
}
