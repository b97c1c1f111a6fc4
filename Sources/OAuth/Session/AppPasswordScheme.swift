internal import ATProtocol
internal import Network

/// Bearer tokens from an app password: the only kind of session that can start again by itself.
struct AppPasswordScheme: TokenScheme {
    let configuration: SessionConfiguration
    private let client: any HTTPClient
    private let clock: any WallClock
    private let secrets: SecretFile
    private let known = KnownSecrets()

    init(_ configuration: SessionConfiguration, _ environment: SessionEnvironment) {
        self.configuration = configuration
        client = environment.client
        clock = environment.clock
        secrets = SecretFile(environment.files)
    }

    func mismatch(with record: SessionRecord) -> SessionProblem? { nil }

    func refresh(_ record: SessionRecord) async -> RefreshReply {
        // The server returns the same new token for two hours, so the request may be repeated.
        await call(
            "com.atproto.server.refreshSession",
            of: record.pds,
            bearer: record.refreshToken,
            body: nil,
            known.redaction(with: record)
        )
    }

    func movedEndpoints(_ record: SessionRecord) async -> SessionRecord.Binding? { nil }

    func signIn(_ record: SessionRecord) async -> RefreshReply {
        guard let path = configuration.appPasswordPath else {
            return .impossible("the session ended and no file with the app password is configured")
        }
        let password: String
        do throws(OAuthError) { password = try secrets.text(path) } catch { return .impossible(error.sentence) }
        return await signIn(password: password, at: record.pds)
    }

    /// Calls `com.atproto.server.createSession`; servers allow a limited number per day.
    func signIn(password: String, at pds: String) async -> RefreshReply {
        let body: JSONValue = ["identifier": .string(configuration.account.text), "password": .string(password)]
        return await call(
            "com.atproto.server.createSession",
            of: pds,
            bearer: nil,
            body: body,
            SecretRedaction([password])
        )
    }

    private func call(
        _ method: String,
        of pds: String,
        bearer: String?,
        body: JSONValue?,
        _ redaction: SecretRedaction
    ) async -> RefreshReply {
        guard let origin = configuration.trusted(pds) else { return .impossible("the PDS \(pds) is not https") }
        var headers: HTTPHeaders = ["Accept": "application/json"]
        if let bearer { headers["Authorization"] = "Bearer \(bearer)" }
        if body != nil { headers["Content-Type"] = "application/json" }
        let request = HTTPRequest(
            .post,
            origin.with(path: "/xrpc/\(method)"),
            headers: headers,
            body: body?.encoded ?? [],
            isAlone: true
        )
        do throws(HTTPError) {
            var response = try await client.send(request)
            if TokenSet(passwordSession: response) == nil { response = redaction(response) }
            return RefreshReply(password: response, isRefresh: bearer != nil, now: clock.now())
                .telling(noneOf: redaction)
        } catch {
            return RefreshReply(OAuthError(error))
        }
    }

    func send(_ request: HTTPRequest, _ record: SessionRecord) async throws(OAuthError) -> HTTPResponse {
        var request = request
        request.headers["Authorization"] = "Bearer \(record.accessToken)"
        do { return known.redaction(with: record)(try await client.send(request)) } catch { throw OAuthError(error) }
    }

    func revoke(_ record: SessionRecord) async throws(OAuthError) {
        guard let origin = try? WebURL(record.pds) else { return }
        let request = HTTPRequest(
            .post,
            origin.with(path: "/xrpc/com.atproto.server.deleteSession"),
            headers: ["Authorization": "Bearer \(record.refreshToken)"],
            timeout: .seconds(10),
            isAlone: true
        )
        do { _ = try await client.send(request) } catch { throw OAuthError(error) }
    }

    func forget(_ origin: String) {}

    /// Whether a text looks like an app password, `xxxx-xxxx-xxxx-xxxx`, and not like the account's password.
    static func looksGenerated(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                part.utf8.count == 4
                    && part.utf8.allSatisfy { ($0 >= 0x61 && $0 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) }
            }
    }
}
